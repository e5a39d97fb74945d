// The library: Kotlin of ../kotlin, what UniFFI writes, and what `cargo xtask ndk` builds. Run `cargo xtask aar` once
// before, or let an app take the .aar that it makes.
plugins {
    alias(libs.plugins.android.library)
}

val native = providers.gradleProperty("calls.native").orElse(
    providers.environmentVariable("CARGO_TARGET_DIR").map { "$it/android" },
)

android {
    namespace = "com.worldmates.calls"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("../../build-scripts/aar/proguard.txt")
    }
    sourceSets["main"].apply {
        manifest.srcFile("../../build-scripts/aar/AndroidManifest.xml")
        kotlin.srcDirs("src/main/kotlin", "../kotlin/src/main/kotlin", native.map { "$it/kotlin" })
        jniLibs.srcDir(native.map { "$it/jniLibs" })
    }
}

dependencies {
    api(libs.coroutines)
    implementation(variantOf(libs.jna) { artifactType("aar") })
}
