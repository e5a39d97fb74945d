package com.worldmates.calls

import java.io.File
import java.util.ServiceLoader
import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiToolsFactory
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What an app can see of the library is written down in `api/calls.api`, so that a change of it is a decision. */
internal class ApiTest {
    @Test
    fun `the public API is the one that is written down`() {
        val tools = ServiceLoader.load(AbiToolsFactory::class.java).first().get()
        // What UniFFI needs for itself is public, and nobody's business.
        val ours = AbiFilters(emptySet(), INTERNALS, emptySet(), emptySet())
        val classes = File("target/classes").walk().filter { it.extension == "class" }.sorted().toList()
        val now = buildString { tools.printJvmDump(this, classes, ours) }
        val file = File("api/calls.api")
        if (System.getProperty("api") == "update") file.writeText(now)

        val differs = file.readLines().zip(now.lines()).firstOrNull { (written, found) -> written != found }
        assertTrue(file.readText() == now) {
            "the API is not the one that is written down, first at:\n  ${differs?.first}\n  ${differs?.second}\n" +
                "changed on purpose? cargo xtask kotlin -- test -pl ../bindings/kotlin -Dtest=ApiTest -Dapi=update, and look at the diff"
        }
    }

    private companion object {
        val INTERNALS = setOf("Ffi", "Uniffi", "RustBuffer", "Foreign", "Internal", "Disposable", "NoHandle", "Calls_ffi", "WithHandle")
            .flatMap { name -> listOf("com.worldmates.calls.$name**") }
            .toSet() + listOf("CallsListenerImpl", "PlatformImpl", "ProofSourceImpl").map { "com.worldmates.calls.$it**" }
    }
}
