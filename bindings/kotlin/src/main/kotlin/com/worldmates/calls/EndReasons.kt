// Made by `cargo xtask gen` from the table of the machine: whatever is changed here is lost.
package com.worldmates.calls

/** Whose side it was. */
public enum class Side {
    /** This person, on this device or another. */
    WE,

    /** The other one. */
    THEY,

    /** The way between. */
    BETWEEN,
}

/** The language for a code such as `uk` or `ru-RU`; English for every other. */
public fun Language.Companion.of(code: String): Language =
    when (code.substringBefore('-').substringBefore('_').lowercase()) {
        "uk" -> Language.UK
        "ru" -> Language.RU
        else -> Language.EN
    }

/** Whose side ended it, or was the cause. */
public val EndReason.side: Side
    get() =
        when (this) {
            EndReason.WE_HUNG_UP -> Side.WE
            EndReason.THEY_HUNG_UP -> Side.THEY
            EndReason.WE_CANCELLED -> Side.WE
            EndReason.MISSED -> Side.THEY
            EndReason.WE_DECLINED -> Side.WE
            EndReason.THEY_DECLINED -> Side.THEY
            EndReason.THEY_ARE_BUSY -> Side.THEY
            EndReason.WE_WERE_BUSY -> Side.WE
            EndReason.NO_ANSWER -> Side.THEY
            EndReason.UNREACHABLE -> Side.THEY
            EndReason.ANSWERED_ELSEWHERE -> Side.WE
            EndReason.DECLINED_ELSEWHERE -> Side.WE
            EndReason.BUSY_ELSEWHERE -> Side.WE
            EndReason.WE_LOST_CONNECTION -> Side.WE
            EndReason.THEY_LOST_CONNECTION -> Side.THEY
            EndReason.NO_PATH -> Side.BETWEEN
            EndReason.NO_SERVER -> Side.BETWEEN
            EndReason.SERVER_STOPPED -> Side.BETWEEN
            EndReason.SIGNED_OUT -> Side.WE
            EndReason.NOT_ALLOWED -> Side.WE
            EndReason.REMOVED -> Side.THEY
            EndReason.NOT_LET_IN -> Side.THEY
            EndReason.NOT_FOUND -> Side.WE
            EndReason.ALREADY_IN_CALL -> Side.WE
            EndReason.ROOM_FULL -> Side.BETWEEN
            EndReason.GROUP_IS_TALKING -> Side.BETWEEN
            EndReason.TOO_MANY_CALLS -> Side.WE
            EndReason.NO_MICROPHONE -> Side.WE
            EndReason.THEIR_FAULT -> Side.THEY
            EndReason.OUR_FAULT -> Side.WE
        }

/** Whether it is how calls usually end, and no screen of its own is needed. */
public val EndReason.isUsual: Boolean
    get() =
        when (this) {
            EndReason.WE_HUNG_UP -> true
            EndReason.THEY_HUNG_UP -> true
            EndReason.WE_CANCELLED -> true
            EndReason.MISSED -> true
            EndReason.WE_DECLINED -> true
            EndReason.THEY_DECLINED -> false
            EndReason.THEY_ARE_BUSY -> false
            EndReason.WE_WERE_BUSY -> true
            EndReason.NO_ANSWER -> false
            EndReason.UNREACHABLE -> false
            EndReason.ANSWERED_ELSEWHERE -> true
            EndReason.DECLINED_ELSEWHERE -> true
            EndReason.BUSY_ELSEWHERE -> true
            EndReason.WE_LOST_CONNECTION -> false
            EndReason.THEY_LOST_CONNECTION -> false
            EndReason.NO_PATH -> false
            EndReason.NO_SERVER -> false
            EndReason.SERVER_STOPPED -> false
            EndReason.SIGNED_OUT -> false
            EndReason.NOT_ALLOWED -> false
            EndReason.REMOVED -> false
            EndReason.NOT_LET_IN -> false
            EndReason.NOT_FOUND -> false
            EndReason.ALREADY_IN_CALL -> false
            EndReason.ROOM_FULL -> false
            EndReason.GROUP_IS_TALKING -> false
            EndReason.TOO_MANY_CALLS -> false
            EndReason.NO_MICROPHONE -> false
            EndReason.THEIR_FAULT -> false
            EndReason.OUR_FAULT -> false
        }

/** What happened and what to do, for the person. */
public fun EndReason.sentence(language: Language): String =
    when (language) {
        Language.UK -> uk
        Language.RU -> ru
        Language.EN -> en
    }

private val EndReason.uk: String
    get() =
        when (this) {
            EndReason.WE_HUNG_UP -> "Дзвінок завершено."
            EndReason.THEY_HUNG_UP -> "Дзвінок завершено."
            EndReason.WE_CANCELLED -> "Ви скасували дзвінок."
            EndReason.MISSED -> "Пропущений дзвінок. Передзвоніть, коли буде зручно."
            EndReason.WE_DECLINED -> "Ви відхилили дзвінок."
            EndReason.THEY_DECLINED -> "Дзвінок відхилено. Напишіть повідомлення або спробуйте пізніше."
            EndReason.THEY_ARE_BUSY -> "Зайнято: триває інша розмова. Спробуйте за кілька хвилин."
            EndReason.WE_WERE_BUSY -> "Вам дзвонили, поки ви розмовляли. Передзвоніть."
            EndReason.NO_ANSWER -> "Немає відповіді. Спробуйте пізніше або напишіть."
            EndReason.UNREACHABLE -> "Абонент зараз не на зв'язку. Він побачить пропущений дзвінок."
            EndReason.ANSWERED_ELSEWHERE -> "Відповіли на іншому вашому пристрої."
            EndReason.DECLINED_ELSEWHERE -> "Відхилено на іншому вашому пристрої."
            EndReason.BUSY_ELSEWHERE -> "Інший ваш пристрій зайнятий розмовою."
            EndReason.WE_LOST_CONNECTION -> "У вас зник інтернет. Перевірте мережу і подзвоніть ще раз."
            EndReason.THEY_LOST_CONNECTION -> "У співрозмовника зник зв'язок. Подзвоніть ще раз за хвилину."
            EndReason.NO_PATH -> "Не вдалося з'єднати пристрої. Спробуйте іншу мережу, наприклад мобільну."
            EndReason.NO_SERVER -> "Сервер недоступний. Перевірте інтернет і спробуйте ще раз."
            EndReason.SERVER_STOPPED -> "Сервер перезапускається. Подзвоніть ще раз за хвилину."
            EndReason.SIGNED_OUT -> "Ви вийшли з облікового запису. Увійдіть і подзвоніть ще раз."
            EndReason.NOT_ALLOWED -> "Цей дзвінок вам недоступний. Попросіть запрошення."
            EndReason.REMOVED -> "Організатор вилучив вас із розмови. Попросіть його впустити вас знову."
            EndReason.NOT_LET_IN -> "Організатор не впустив вас до розмови. Напишіть йому."
            EndReason.NOT_FOUND -> "Такого дзвінка вже немає. Подзвоніть знову."
            EndReason.ALREADY_IN_CALL -> "Цей пристрій уже в розмові. Завершіть її і спробуйте ще раз."
            EndReason.ROOM_FULL -> "У розмові немає вільних місць. Дочекайтеся, поки хтось вийде."
            EndReason.GROUP_IS_TALKING -> "Група вже розмовляє. Приєднайтеся до цього дзвінка."
            EndReason.TOO_MANY_CALLS -> "Забагато дзвінків поспіль. Зачекайте хвилину."
            EndReason.NO_MICROPHONE -> "Немає доступу до мікрофона. Дозвольте його в налаштуваннях."
            EndReason.THEIR_FAULT -> "Програма співрозмовника відповіла незрозуміло. Попросіть оновити її."
            EndReason.OUR_FAULT -> "Помилка програми. Подзвоніть ще раз; якщо повториться, надішліть звіт."
        }

private val EndReason.ru: String
    get() =
        when (this) {
            EndReason.WE_HUNG_UP -> "Звонок завершён."
            EndReason.THEY_HUNG_UP -> "Звонок завершён."
            EndReason.WE_CANCELLED -> "Вы отменили звонок."
            EndReason.MISSED -> "Пропущенный звонок. Перезвоните, когда будет удобно."
            EndReason.WE_DECLINED -> "Вы отклонили звонок."
            EndReason.THEY_DECLINED -> "Звонок отклонён. Напишите сообщение или попробуйте позже."
            EndReason.THEY_ARE_BUSY -> "Занято: идёт другой разговор. Попробуйте через несколько минут."
            EndReason.WE_WERE_BUSY -> "Вам звонили, пока вы разговаривали. Перезвоните."
            EndReason.NO_ANSWER -> "Нет ответа. Попробуйте позже или напишите."
            EndReason.UNREACHABLE -> "Абонент сейчас не на связи. Он увидит пропущенный звонок."
            EndReason.ANSWERED_ELSEWHERE -> "Ответили на другом вашем устройстве."
            EndReason.DECLINED_ELSEWHERE -> "Отклонено на другом вашем устройстве."
            EndReason.BUSY_ELSEWHERE -> "Другое ваше устройство занято разговором."
            EndReason.WE_LOST_CONNECTION -> "У вас пропал интернет. Проверьте сеть и позвоните ещё раз."
            EndReason.THEY_LOST_CONNECTION -> "У собеседника пропала связь. Позвоните ещё раз через минуту."
            EndReason.NO_PATH -> "Не удалось соединить устройства. Попробуйте другую сеть, например мобильную."
            EndReason.NO_SERVER -> "Сервер недоступен. Проверьте интернет и попробуйте ещё раз."
            EndReason.SERVER_STOPPED -> "Сервер перезапускается. Позвоните ещё раз через минуту."
            EndReason.SIGNED_OUT -> "Вы вышли из аккаунта. Войдите и позвоните ещё раз."
            EndReason.NOT_ALLOWED -> "Этот звонок вам недоступен. Попросите приглашение."
            EndReason.REMOVED -> "Организатор удалил вас из разговора. Попросите его впустить вас снова."
            EndReason.NOT_LET_IN -> "Организатор не впустил вас в разговор. Напишите ему."
            EndReason.NOT_FOUND -> "Такого звонка уже нет. Позвоните снова."
            EndReason.ALREADY_IN_CALL -> "Это устройство уже в разговоре. Завершите его и попробуйте ещё раз."
            EndReason.ROOM_FULL -> "В разговоре нет свободных мест. Дождитесь, пока кто-то выйдет."
            EndReason.GROUP_IS_TALKING -> "Группа уже разговаривает. Присоединитесь к этому звонку."
            EndReason.TOO_MANY_CALLS -> "Слишком много звонков подряд. Подождите минуту."
            EndReason.NO_MICROPHONE -> "Нет доступа к микрофону. Разрешите его в настройках."
            EndReason.THEIR_FAULT -> "Программа собеседника ответила непонятно. Попросите обновить её."
            EndReason.OUR_FAULT -> "Ошибка программы. Позвоните ещё раз; если повторится, отправьте отчёт."
        }

private val EndReason.en: String
    get() =
        when (this) {
            EndReason.WE_HUNG_UP -> "The call is over."
            EndReason.THEY_HUNG_UP -> "The call is over."
            EndReason.WE_CANCELLED -> "You cancelled the call."
            EndReason.MISSED -> "Missed call. Call back when it suits you."
            EndReason.WE_DECLINED -> "You declined the call."
            EndReason.THEY_DECLINED -> "They declined. Send a message or try again later."
            EndReason.THEY_ARE_BUSY -> "They are in another call. Try again in a few minutes."
            EndReason.WE_WERE_BUSY -> "They called while you were in another call. Call back."
            EndReason.NO_ANSWER -> "No answer. Try again later or send a message."
            EndReason.UNREACHABLE -> "They cannot be reached right now. They will see a missed call."
            EndReason.ANSWERED_ELSEWHERE -> "Answered on another of your devices."
            EndReason.DECLINED_ELSEWHERE -> "Declined on another of your devices."
            EndReason.BUSY_ELSEWHERE -> "Another of your devices is in a call."
            EndReason.WE_LOST_CONNECTION -> "Your connection was lost. Check your network and call again."
            EndReason.THEY_LOST_CONNECTION -> "Their connection was lost. Call again in a minute."
            EndReason.NO_PATH -> "The devices could not connect. Try another network, such as mobile data."
            EndReason.NO_SERVER -> "The server cannot be reached. Check your internet and try again."
            EndReason.SERVER_STOPPED -> "The server is restarting. Call again in a minute."
            EndReason.SIGNED_OUT -> "You are signed out. Sign in and call again."
            EndReason.NOT_ALLOWED -> "You cannot join this call. Ask for an invitation."
            EndReason.REMOVED -> "The host removed you from the call. Ask them to let you in again."
            EndReason.NOT_LET_IN -> "The host did not let you in. Send them a message."
            EndReason.NOT_FOUND -> "This call is no longer there. Call again."
            EndReason.ALREADY_IN_CALL -> "This device is in a call already. End it and try again."
            EndReason.ROOM_FULL -> "The call is full. Wait until somebody leaves."
            EndReason.GROUP_IS_TALKING -> "The group is in a call already. Join that one."
            EndReason.TOO_MANY_CALLS -> "Too many calls in a row. Wait a minute."
            EndReason.NO_MICROPHONE -> "The microphone cannot be used. Allow it in the settings."
            EndReason.THEIR_FAULT -> "Their app sent something that makes no sense. Ask them to update it."
            EndReason.OUR_FAULT -> "Something went wrong in the app. Call again; if it repeats, send a report."
        }
