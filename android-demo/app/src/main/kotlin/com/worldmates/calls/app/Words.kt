// What the app says outside its screens, in three languages: notifications, questions, settings.
// Kotlin and not res/values, so that a test on a JVM reads the very words that a phone shows.
package com.worldmates.calls.app

import com.worldmates.calls.Language
import com.worldmates.calls.app.permissions.CallPermission
import java.util.Locale

/** The words of one language. */
public data class Words(
    val incomingChannel: String,
    val waitingChannel: String,
    val ongoingChannel: String,
    val missedChannel: String,
    val incomingAudio: String,
    val incomingVideo: String,
    val calling: String,
    val connecting: String,
    val talking: String,
    val held: String,
    val missedAudio: String,
    val missedVideo: String,
    val somebody: String,
    val answer: String,
    val decline: String,
    val hangUp: String,
    val mute: String,
    val unmute: String,
    val callBack: String,
    val settings: String,
    val notNow: String,
    val goOn: String,
    val why: Map<CallPermission, String>,
    val denied: Map<CallPermission, String>,
    val reach: ReachWords,
)

/** The words of "can I be reached?". */
public data class ReachWords(
    val notifications: String,
    val notificationsAdvice: String,
    val fullScreen: String,
    val fullScreenAdvice: String,
    val battery: String,
    val batteryAdvice: String,
    val microphone: String,
    val microphoneAdvice: String,
    val allowed: String,
    val notAllowed: String,
)

/** The language of the phone; English where we have none. */
public fun languageOf(locale: Locale): Language = when (locale.language) {
    "uk" -> Language.UK
    "ru" -> Language.RU
    else -> Language.EN
}

/** The words of [language]. */
public fun wordsOf(language: Language): Words = when (language) {
    Language.UK -> UK
    Language.RU -> RU
    Language.EN -> EN
}

private val EN = Words(
    incomingChannel = "Incoming calls",
    waitingChannel = "Second call during a call",
    ongoingChannel = "Ongoing calls",
    missedChannel = "Missed calls",
    incomingAudio = "Incoming call",
    incomingVideo = "Incoming video call",
    calling = "Calling…",
    connecting = "Connecting…",
    talking = "Call in progress",
    held = "On hold",
    missedAudio = "Missed call",
    missedVideo = "Missed video call",
    somebody = "Somebody",
    answer = "Answer",
    decline = "Decline",
    hangUp = "Hang up",
    mute = "Mute",
    unmute = "Unmute",
    callBack = "Call back",
    settings = "Settings",
    notNow = "Not now",
    goOn = "Continue",
    why = mapOf(
        CallPermission.MICROPHONE to "The microphone is needed so that others can hear you. It is on only during a call.",
        CallPermission.CAMERA to "The camera is needed so that others can see you. It is on only while you show your picture.",
        CallPermission.NOTIFICATIONS to "Without notifications the phone cannot ring when somebody calls you.",
        CallPermission.BLUETOOTH to "Needed to find your Bluetooth headset.",
    ),
    denied = mapOf(
        CallPermission.MICROPHONE to "Others cannot hear you: the microphone is switched off for this app. You can allow it in the settings.",
        CallPermission.CAMERA to "Others cannot see you: the camera is switched off for this app. You can allow it in the settings.",
        CallPermission.NOTIFICATIONS to "You will not hear calls: notifications are switched off for this app. You can allow them in the settings.",
        CallPermission.BLUETOOTH to "Bluetooth is switched off for this app. You can allow it in the settings.",
    ),
    reach = ReachWords(
        notifications = "Notifications",
        notificationsAdvice = "Allow notifications of incoming calls, or the phone will not ring.",
        fullScreen = "Calls on the locked screen",
        fullScreenAdvice = "Allow full-screen notifications, or a call shows only as a small banner on the locked screen.",
        battery = "Battery saving",
        batteryAdvice = "Let the app run without battery limits, or calls may ring late.",
        microphone = "Microphone",
        microphoneAdvice = "Allow the microphone, or you cannot answer a call.",
        allowed = "allowed",
        notAllowed = "not allowed",
    ),
)

private val UK = Words(
    incomingChannel = "Вхідні дзвінки",
    waitingChannel = "Другий дзвінок під час розмови",
    ongoingChannel = "Поточні дзвінки",
    missedChannel = "Пропущені дзвінки",
    incomingAudio = "Вхідний дзвінок",
    incomingVideo = "Вхідний відеодзвінок",
    calling = "Телефонуємо…",
    connecting = "З’єднання…",
    talking = "Триває дзвінок",
    held = "На утриманні",
    missedAudio = "Пропущений дзвінок",
    missedVideo = "Пропущений відеодзвінок",
    somebody = "Хтось",
    answer = "Відповісти",
    decline = "Відхилити",
    hangUp = "Завершити",
    mute = "Вимкнути мікрофон",
    unmute = "Увімкнути мікрофон",
    callBack = "Передзвонити",
    settings = "Налаштування",
    notNow = "Не зараз",
    goOn = "Далі",
    why = mapOf(
        CallPermission.MICROPHONE to "Мікрофон потрібен, щоб вас чули. Він працює лише під час дзвінка.",
        CallPermission.CAMERA to "Камера потрібна, щоб вас бачили. Вона працює, лише коли ви показуєте своє зображення.",
        CallPermission.NOTIFICATIONS to "Без сповіщень телефон не зможе дзвонити, коли вас викликають.",
        CallPermission.BLUETOOTH to "Потрібно, щоб знайти вашу Bluetooth-гарнітуру.",
    ),
    denied = mapOf(
        CallPermission.MICROPHONE to "Вас не чують: мікрофон для цього застосунку вимкнено. Дозволити його можна в налаштуваннях.",
        CallPermission.CAMERA to "Вас не бачать: камеру для цього застосунку вимкнено. Дозволити її можна в налаштуваннях.",
        CallPermission.NOTIFICATIONS to "Ви не почуєте дзвінків: сповіщення вимкнено. Дозволити їх можна в налаштуваннях.",
        CallPermission.BLUETOOTH to "Bluetooth для цього застосунку вимкнено. Дозволити його можна в налаштуваннях.",
    ),
    reach = ReachWords(
        notifications = "Сповіщення",
        notificationsAdvice = "Дозвольте сповіщення про вхідні дзвінки, інакше телефон не дзвонитиме.",
        fullScreen = "Дзвінки на заблокованому екрані",
        fullScreenAdvice = "Дозвольте сповіщення на весь екран, інакше дзвінок буде лише маленьким банером.",
        battery = "Економія заряду",
        batteryAdvice = "Дозвольте роботу без обмежень заряду, інакше дзвінки можуть надходити із запізненням.",
        microphone = "Мікрофон",
        microphoneAdvice = "Дозвольте мікрофон, інакше ви не зможете відповісти.",
        allowed = "дозволено",
        notAllowed = "не дозволено",
    ),
)

private val RU = Words(
    incomingChannel = "Входящие звонки",
    waitingChannel = "Второй звонок во время разговора",
    ongoingChannel = "Текущие звонки",
    missedChannel = "Пропущенные звонки",
    incomingAudio = "Входящий звонок",
    incomingVideo = "Входящий видеозвонок",
    calling = "Звоним…",
    connecting = "Соединение…",
    talking = "Идёт звонок",
    held = "На удержании",
    missedAudio = "Пропущенный звонок",
    missedVideo = "Пропущенный видеозвонок",
    somebody = "Кто-то",
    answer = "Ответить",
    decline = "Отклонить",
    hangUp = "Завершить",
    mute = "Выключить микрофон",
    unmute = "Включить микрофон",
    callBack = "Перезвонить",
    settings = "Настройки",
    notNow = "Не сейчас",
    goOn = "Далее",
    why = mapOf(
        CallPermission.MICROPHONE to "Микрофон нужен, чтобы вас слышали. Он работает только во время звонка.",
        CallPermission.CAMERA to "Камера нужна, чтобы вас видели. Она работает, только когда вы показываете своё изображение.",
        CallPermission.NOTIFICATIONS to "Без уведомлений телефон не сможет звонить, когда вас вызывают.",
        CallPermission.BLUETOOTH to "Нужно, чтобы найти вашу Bluetooth-гарнитуру.",
    ),
    denied = mapOf(
        CallPermission.MICROPHONE to "Вас не слышат: микрофон для этого приложения выключен. Разрешить его можно в настройках.",
        CallPermission.CAMERA to "Вас не видят: камера для этого приложения выключена. Разрешить её можно в настройках.",
        CallPermission.NOTIFICATIONS to "Вы не услышите звонков: уведомления выключены. Разрешить их можно в настройках.",
        CallPermission.BLUETOOTH to "Bluetooth для этого приложения выключен. Разрешить его можно в настройках.",
    ),
    reach = ReachWords(
        notifications = "Уведомления",
        notificationsAdvice = "Разрешите уведомления о входящих звонках, иначе телефон не будет звонить.",
        fullScreen = "Звонки на заблокированном экране",
        fullScreenAdvice = "Разрешите уведомления на весь экран, иначе звонок будет лишь маленьким баннером.",
        battery = "Экономия заряда",
        batteryAdvice = "Разрешите работу без ограничений заряда, иначе звонки могут приходить с опозданием.",
        microphone = "Микрофон",
        microphoneAdvice = "Разрешите микрофон, иначе вы не сможете ответить.",
        allowed = "разрешено",
        notAllowed = "не разрешено",
    ),
)
