// The screens. Never run where this was written; pom.xml builds and tests the same sources on a desktop JVM.
plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.compose)
    alias(libs.plugins.compose.compiler)
}

android {
    namespace = "com.worldmates.calls.ui"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
    }
    sourceSets["main"].kotlin.srcDirs("src/commonMain/kotlin")
}

dependencies {
    api(project(":calls"))
    api(libs.compose.foundation)
    api(libs.compose.material3)
}
