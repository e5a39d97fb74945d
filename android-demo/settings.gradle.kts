// Never run where this was written: no Gradle and no Android SDK are there. Maven (pom.xml) builds and tests the same
// sources on a desktop JVM. docs/android.md says what is known.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "worldmates-calls"

include(":calls", ":ui", ":app")

project(":calls").projectDir = file("../bindings/android")
