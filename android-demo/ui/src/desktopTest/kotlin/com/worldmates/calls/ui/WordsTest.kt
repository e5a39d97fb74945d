package com.worldmates.calls.ui

import com.worldmates.calls.AudioRouteKind
import com.worldmates.calls.Language
import com.worldmates.calls.ui.parts.firstName
import com.worldmates.calls.ui.parts.initials
import com.worldmates.calls.ui.parts.oneDigit
import com.worldmates.calls.ui.text.clock
import com.worldmates.calls.ui.text.dayOrTime
import com.worldmates.calls.ui.text.lasted
import com.worldmates.calls.ui.text.slavicPlural
import com.worldmates.calls.ui.text.stringsOf
import java.time.Duration
import java.time.ZoneOffset
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

internal class WordsTest {
    private val uk = stringsOf(Language.UK)
    private val ru = stringsOf(Language.RU)
    private val en = stringsOf(Language.EN)

    @Test
    fun numbers_ask_for_the_right_form() {
        val forms = mapOf(0 to "many", 1 to "one", 2 to "few", 4 to "few", 5 to "many", 11 to "many", 12 to "many", 14 to "many", 21 to "one", 22 to "few", 25 to "many", 101 to "one", 111 to "many", 112 to "many")

        forms.forEach { (count, form) -> assertEquals("$count", form, slavicPlural(count, "one", "few", "many")) }
    }

    @Test
    fun people_are_counted_as_one_speaks() {
        assertEquals(listOf("1 людина", "2 людини", "5 людей", "21 людина", "50 людей"), listOf(1, 2, 5, 21, 50).map(uk::people))
        assertEquals(listOf("1 человек", "2 человека", "5 человек", "21 человек", "50 человек"), listOf(1, 2, 5, 21, 50).map(ru::people))
        assertEquals(listOf("1 person", "2 people"), listOf(1, 2).map(en::people))
    }

    @Test
    fun devices_stand_in_the_right_case() {
        assertEquals(listOf("Дзвонить…", "Дзвонить на 2 пристроях…", "Дзвонить на 21 пристрої…"), listOf(1, 2, 21).map(uk::ringingOn))
        assertEquals(listOf("Звонит…", "Звонит на 5 устройствах…", "Звонит на 21 устройстве…"), listOf(1, 5, 21).map(ru::ringingOn))
        assertEquals(listOf("Ringing…", "Ringing on 3 devices…"), listOf(1, 3).map(en::ringingOn))
    }

    /** A word that was forgotten in a translation would stand there in another language's letters. */
    @Test
    fun each_language_is_written_in_its_own_letters() {
        val words = { language: Language ->
            val strings = stringsOf(language)
            strings.javaClass.methods.filter { it.parameterCount == 0 && it.returnType == String::class.java && it.name.startsWith("get") }
                .associate { it.name to it.invoke(strings) as String }
        }
        val inEnglish = words(Language.EN)

        assertTrue("${inEnglish.size}", inEnglish.size > 100)
        inEnglish.forEach { (name, text) -> assertTrue("$name: $text", text.isNotBlank() && text.none { it in 'А'..'я' }) }
        listOf(Language.UK, Language.RU).forEach { language ->
            words(language).forEach { (name, text) -> assertTrue("$language $name: $text", text.any { it in 'А'..'я' || it in "іїєґІЇЄҐ" }) }
        }
        words(Language.RU).forEach { (name, text) -> assertTrue("$name: $text", text.none { it in "іїєґІЇЄҐ" }) }
        words(Language.UK).forEach { (name, text) -> assertTrue("$name: $text", text.none { it in "ыэёъЫЭЁЪ" }) }
    }

    @Test
    fun clocks_and_lengths_read_well() {
        assertEquals(listOf("0:00", "0:07", "12:34", "1:02:03"), listOf(-3L, 7, 754, 3723).map { clock(Duration.ofSeconds(it)) })
        assertEquals(listOf("45 с", "12 хв", "1 год", "1 год 5 хв"), listOf(45L, 754, 3600, 3900).map { uk.lasted(Duration.ofSeconds(it)) })
    }

    @Test
    fun a_list_says_the_time_of_today_and_the_day_of_before() {
        fun said(hoursAgo: Long) = en.dayOrTime(Fixtures.now.minus(Duration.ofHours(hoursAgo)), Fixtures.now, ZoneOffset.UTC)

        assertEquals(listOf("14:09", "Yesterday", "11 Mar"), listOf(1L, 20, 70).map(::said))
    }

    @Test
    fun initials_are_of_the_first_and_the_last_word() {
        assertEquals(listOf("ОК", "Т", "МД", "", "KO", "ІБ"), listOf("Олена Ковальчук", "Тарас", "Максиміліана-Вікторія Преображенська-Добровольська", "", "Katherine O’Neill", "  ігор бондаренко ").map(::initials))
    }

    @Test
    fun a_first_name_is_of_a_name_and_a_number_stays_whole() {
        assertEquals(listOf("Олена", "Тарас", "Користувач 14"), listOf("Олена Ковальчук", "Тарас", " ").map { firstName(14, it, uk) })
    }

    @Test
    fun parts_are_set_apart_as_in_the_language() {
        assertEquals(listOf("0,6", "12,5", "0.0"), listOf(uk.oneDigit(0.6f), ru.oneDigit(12.5f), en.oneDigit(0f)))
    }

    @Test
    fun every_route_and_frame_has_a_name_in_every_language() {
        Language.entries.map(::stringsOf).forEach { words ->
            assertEquals(AudioRouteKind.entries.size, AudioRouteKind.entries.map(words::route).toSet().size)
            assertEquals(FrameStyle.entries.size, FrameStyle.entries.map(words::frame).toSet().size)
        }
    }
}
