// The demo app. Never run where this was written; pom.xml builds and tests the same sources on a desktop JVM.
plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.compose)
    alias(libs.plugins.compose.compiler)
}

android {
    namespace = "com.worldmates.calls.app"
    compileSdk = 36
    defaultConfig {
        applicationId = "com.worldmates.calls.demo"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"
    }
    // src/fcm joins with `-Pfirebase`: it wants a google-services.json of your own.
    sourceSets["main"].kotlin.srcDirs("src/main/kotlin", "src/compose/kotlin")
    if (providers.gradleProperty("firebase").isPresent) {
        sourceSets["main"].kotlin.srcDir("src/fcm/kotlin")
    }
    buildTypes["release"].isMinifyEnabled = true
}

dependencies {
    implementation(project(":calls"))
    implementation(project(":ui"))
    implementation(libs.activity.compose)
    implementation(libs.window)
    implementation(libs.coroutines.android)
    if (providers.gradleProperty("firebase").isPresent) {
        implementation(libs.firebase.messaging)
    }
}
