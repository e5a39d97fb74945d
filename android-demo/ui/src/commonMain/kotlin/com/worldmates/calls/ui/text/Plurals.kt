package com.worldmates.calls.ui.text

/** The form that a number asks for in Ukrainian and Russian: 1 and 21 / 2-4 and 22-24 / 0, 5-20, 25-30. */
internal fun slavicPlural(count: Int, one: String, few: String, many: String): String {
    val lastTwo = Math.floorMod(count, 100)
    val last = lastTwo % 10
    return when {
        lastTwo in 11..14 -> many
        last == 1 -> one
        last in 2..4 -> few
        else -> many
    }
}
