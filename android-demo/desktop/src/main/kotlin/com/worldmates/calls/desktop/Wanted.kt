package com.worldmates.calls.desktop

import com.worldmates.calls.Language
import com.worldmates.calls.of
import com.worldmates.calls.ui.Contact
import java.io.File

/** What the window was started for. */
internal class Wanted(
    val server: String,
    val user: Long,
    val token: String?,
    val tone: Boolean,
    val language: Language,
    val left: Int,
    val contacts: List<Contact>,
    /** Plays a call by itself and takes pictures of it: for the documentation, and as a test. */
    val script: Script?,
) {
    /** Who does what: the one who calls, or who is called; where pictures go. */
    data class Script(val calls: Long?, val pictures: File)

    val title: String get() = "WorldMates Calls: $user"

    companion object {
        const val HELP: String = """calls-desktop --server URL --user N [options]
  --token T          the proof that the server asks for; none in open mode
  --contact N:NAME   somebody to call; may be given several times
  --language CODE    uk, ru or en
  --tone             a tone in place of the sound card
  --left PIXELS      where the window opens
  --script FOLDER    plays a call by itself: answers whoever calls, and puts pictures of it into the folder
  --calls N          with --script: calls N instead of answering"""

        /** @throws IllegalArgumentException with what is wrong, in words */
        fun of(arguments: List<String>): Wanted {
            val values = mutableMapOf<String, MutableList<String>>()
            val left = ArrayDeque(arguments)
            while (left.isNotEmpty()) {
                val name = left.removeFirst()
                require(name in NAMES) { "there is no option $name" }
                val value = if (name == "--tone") "" else requireNotNull(left.removeFirstOrNull()) { "$name needs a value" }
                values.getOrPut(name) { mutableListOf() } += value
            }
            fun one(name: String) = values[name]?.last()
            fun number(name: String) =
                one(name)?.let { requireNotNull(it.toLongOrNull()) { "$name has to be a number and not $it" } }
            return Wanted(
                server = requireNotNull(one("--server")) { "--server is missing" },
                user = requireNotNull(number("--user")) { "--user is missing" },
                token = one("--token"),
                tone = one("--tone") != null,
                language = Language.of(one("--language") ?: System.getProperty("user.language").orEmpty()),
                left = (number("--left") ?: 0).toInt(),
                contacts = values["--contact"].orEmpty().map { contact ->
                    val (user, name) = contact.split(':', limit = 2).also { require(it.size == 2) { "--contact is N:NAME and not $contact" } }
                    Contact(requireNotNull(user.toLongOrNull()) { "--contact is N:NAME and not $contact" }, name)
                },
                script = one("--script")?.let { Script(number("--calls"), File(it)) },
            )
        }

        private val NAMES =
            setOf("--server", "--user", "--token", "--contact", "--language", "--tone", "--left", "--script", "--calls")
    }
}
