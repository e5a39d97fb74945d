//! Why a call ended: whose side, and what can be done. One plain sentence for each, in three languages.
use calls_protocol::{EndedReason, ErrorCode, RejectReason};

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndReason {
    /// We hung up after talking.
    WeHungUp,
    /// They hung up after talking.
    TheyHungUp,
    /// We gave up before they answered.
    WeCancelled,
    /// They gave up before we answered, or we did not answer in time.
    Missed,
    /// We said no.
    WeDeclined,
    /// They said no.
    TheyDeclined,
    /// They are in another call.
    TheyAreBusy,
    /// We were in another call.
    WeWereBusy,
    /// They did not answer.
    NoAnswer,
    /// None of their devices can be reached.
    Unreachable,
    /// Another device of ours answered.
    AnsweredElsewhere,
    /// Another device of ours said no.
    DeclinedElsewhere,
    /// Another device of ours was busy.
    BusyElsewhere,
    /// Our connection was away for too long.
    WeLostConnection,
    /// Theirs was.
    TheyLostConnection,
    /// No way between the two devices was found.
    NoPath,
    /// The server could not be reached.
    NoServer,
    /// The server stopped and could not hand the call over.
    ServerStopped,
    /// The server does not know this user any more.
    SignedOut,
    /// We may not: another's call, a group that we are not in.
    NotAllowed,
    /// The host of the room removed us.
    Removed,
    /// The host of the room did not let us in.
    NotLetIn,
    /// There is no such call or group.
    NotFound,
    /// This device is in a call that has to end first.
    AlreadyInCall,
    /// The room takes nobody more.
    RoomFull,
    /// The group talks already, in another room.
    GroupIsTalking,
    /// Too many calls in a short time.
    TooManyCalls,
    /// There is no microphone, or it may not be used.
    NoMicrophone,
    /// What their app sent makes no sense.
    TheirFault,
    /// A fault of ours.
    OurFault,
}

/// Whose side ended it, or was the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// This person, on this device or another.
    We,
    /// The other one.
    They,
    /// The way between.
    Between,
}

/// A language of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Ukrainian.
    Uk,
    /// Russian.
    Ru,
    /// English.
    En,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::WeHungUp,
        Self::TheyHungUp,
        Self::WeCancelled,
        Self::Missed,
        Self::WeDeclined,
        Self::TheyDeclined,
        Self::TheyAreBusy,
        Self::WeWereBusy,
        Self::NoAnswer,
        Self::Unreachable,
        Self::AnsweredElsewhere,
        Self::DeclinedElsewhere,
        Self::BusyElsewhere,
        Self::WeLostConnection,
        Self::TheyLostConnection,
        Self::NoPath,
        Self::NoServer,
        Self::ServerStopped,
        Self::SignedOut,
        Self::NotAllowed,
        Self::Removed,
        Self::NotLetIn,
        Self::NotFound,
        Self::AlreadyInCall,
        Self::RoomFull,
        Self::GroupIsTalking,
        Self::TooManyCalls,
        Self::NoMicrophone,
        Self::TheirFault,
        Self::OurFault,
    ];

    /// Whose side it was.
    pub fn side(self) -> Side {
        match self {
            Self::WeHungUp
            | Self::WeCancelled
            | Self::WeDeclined
            | Self::WeWereBusy
            | Self::AnsweredElsewhere
            | Self::DeclinedElsewhere
            | Self::BusyElsewhere
            | Self::WeLostConnection
            | Self::SignedOut
            | Self::NotAllowed
            | Self::NotFound
            | Self::AlreadyInCall
            | Self::TooManyCalls
            | Self::NoMicrophone
            | Self::OurFault => Side::We,
            Self::TheyHungUp
            | Self::Missed
            | Self::TheyDeclined
            | Self::TheyAreBusy
            | Self::NoAnswer
            | Self::Unreachable
            | Self::TheyLostConnection
            | Self::Removed
            | Self::NotLetIn
            | Self::TheirFault => Side::They,
            Self::NoPath | Self::NoServer | Self::ServerStopped | Self::RoomFull | Self::GroupIsTalking => {
                Side::Between
            }
        }
    }

    /// Whether it is how calls usually end, and no screen of its own is needed.
    pub fn is_usual(self) -> bool {
        match self {
            Self::WeHungUp
            | Self::TheyHungUp
            | Self::WeCancelled
            | Self::Missed
            | Self::WeDeclined
            | Self::WeWereBusy
            | Self::AnsweredElsewhere
            | Self::DeclinedElsewhere
            | Self::BusyElsewhere => true,
            Self::TheyDeclined
            | Self::TheyAreBusy
            | Self::NoAnswer
            | Self::Unreachable
            | Self::WeLostConnection
            | Self::TheyLostConnection
            | Self::NoPath
            | Self::NoServer
            | Self::ServerStopped
            | Self::SignedOut
            | Self::NotAllowed
            | Self::Removed
            | Self::NotLetIn
            | Self::NotFound
            | Self::AlreadyInCall
            | Self::RoomFull
            | Self::GroupIsTalking
            | Self::TooManyCalls
            | Self::NoMicrophone
            | Self::TheirFault
            | Self::OurFault => false,
        }
    }

    /// What happened and what to do, for the person.
    pub fn sentence(self, language: Language) -> &'static str {
        let [uk, ru, en] = self.sentences();
        match language {
            Language::Uk => uk,
            Language::Ru => ru,
            Language::En => en,
        }
    }

    fn sentences(self) -> [&'static str; 3] {
        match self {
            Self::WeHungUp | Self::TheyHungUp => {
                ["Дзвінок завершено.", "Звонок завершён.", "The call is over."]
            }
            Self::WeCancelled => ["Ви скасували дзвінок.", "Вы отменили звонок.", "You cancelled the call."],
            Self::Missed => [
                "Пропущений дзвінок. Передзвоніть, коли буде зручно.",
                "Пропущенный звонок. Перезвоните, когда будет удобно.",
                "Missed call. Call back when it suits you.",
            ],
            Self::WeDeclined => ["Ви відхилили дзвінок.", "Вы отклонили звонок.", "You declined the call."],
            Self::TheyDeclined => [
                "Дзвінок відхилено. Напишіть повідомлення або спробуйте пізніше.",
                "Звонок отклонён. Напишите сообщение или попробуйте позже.",
                "They declined. Send a message or try again later.",
            ],
            Self::TheyAreBusy => [
                "Зайнято: триває інша розмова. Спробуйте за кілька хвилин.",
                "Занято: идёт другой разговор. Попробуйте через несколько минут.",
                "They are in another call. Try again in a few minutes.",
            ],
            Self::WeWereBusy => [
                "Вам дзвонили, поки ви розмовляли. Передзвоніть.",
                "Вам звонили, пока вы разговаривали. Перезвоните.",
                "They called while you were in another call. Call back.",
            ],
            Self::NoAnswer => [
                "Немає відповіді. Спробуйте пізніше або напишіть.",
                "Нет ответа. Попробуйте позже или напишите.",
                "No answer. Try again later or send a message.",
            ],
            Self::Unreachable => [
                "Абонент зараз не на зв'язку. Він побачить пропущений дзвінок.",
                "Абонент сейчас не на связи. Он увидит пропущенный звонок.",
                "They cannot be reached right now. They will see a missed call.",
            ],
            Self::AnsweredElsewhere => [
                "Відповіли на іншому вашому пристрої.",
                "Ответили на другом вашем устройстве.",
                "Answered on another of your devices.",
            ],
            Self::DeclinedElsewhere => [
                "Відхилено на іншому вашому пристрої.",
                "Отклонено на другом вашем устройстве.",
                "Declined on another of your devices.",
            ],
            Self::BusyElsewhere => [
                "Інший ваш пристрій зайнятий розмовою.",
                "Другое ваше устройство занято разговором.",
                "Another of your devices is in a call.",
            ],
            Self::WeLostConnection => [
                "У вас зник інтернет. Перевірте мережу і подзвоніть ще раз.",
                "У вас пропал интернет. Проверьте сеть и позвоните ещё раз.",
                "Your connection was lost. Check your network and call again.",
            ],
            Self::TheyLostConnection => [
                "У співрозмовника зник зв'язок. Подзвоніть ще раз за хвилину.",
                "У собеседника пропала связь. Позвоните ещё раз через минуту.",
                "Their connection was lost. Call again in a minute.",
            ],
            Self::NoPath => [
                "Не вдалося з'єднати пристрої. Спробуйте іншу мережу, наприклад мобільну.",
                "Не удалось соединить устройства. Попробуйте другую сеть, например мобильную.",
                "The devices could not connect. Try another network, such as mobile data.",
            ],
            Self::NoServer => [
                "Сервер недоступний. Перевірте інтернет і спробуйте ще раз.",
                "Сервер недоступен. Проверьте интернет и попробуйте ещё раз.",
                "The server cannot be reached. Check your internet and try again.",
            ],
            Self::ServerStopped => [
                "Сервер перезапускається. Подзвоніть ще раз за хвилину.",
                "Сервер перезапускается. Позвоните ещё раз через минуту.",
                "The server is restarting. Call again in a minute.",
            ],
            Self::SignedOut => [
                "Ви вийшли з облікового запису. Увійдіть і подзвоніть ще раз.",
                "Вы вышли из аккаунта. Войдите и позвоните ещё раз.",
                "You are signed out. Sign in and call again.",
            ],
            Self::NotAllowed => [
                "Цей дзвінок вам недоступний. Попросіть запрошення.",
                "Этот звонок вам недоступен. Попросите приглашение.",
                "You cannot join this call. Ask for an invitation.",
            ],
            Self::Removed => [
                "Організатор вилучив вас із розмови. Попросіть його впустити вас знову.",
                "Организатор удалил вас из разговора. Попросите его впустить вас снова.",
                "The host removed you from the call. Ask them to let you in again.",
            ],
            Self::NotLetIn => [
                "Організатор не впустив вас до розмови. Напишіть йому.",
                "Организатор не впустил вас в разговор. Напишите ему.",
                "The host did not let you in. Send them a message.",
            ],
            Self::NotFound => [
                "Такого дзвінка вже немає. Подзвоніть знову.",
                "Такого звонка уже нет. Позвоните снова.",
                "This call is no longer there. Call again.",
            ],
            Self::AlreadyInCall => [
                "Цей пристрій уже в розмові. Завершіть її і спробуйте ще раз.",
                "Это устройство уже в разговоре. Завершите его и попробуйте ещё раз.",
                "This device is in a call already. End it and try again.",
            ],
            Self::RoomFull => [
                "У розмові немає вільних місць. Дочекайтеся, поки хтось вийде.",
                "В разговоре нет свободных мест. Дождитесь, пока кто-то выйдет.",
                "The call is full. Wait until somebody leaves.",
            ],
            Self::GroupIsTalking => [
                "Група вже розмовляє. Приєднайтеся до цього дзвінка.",
                "Группа уже разговаривает. Присоединитесь к этому звонку.",
                "The group is in a call already. Join that one.",
            ],
            Self::TooManyCalls => [
                "Забагато дзвінків поспіль. Зачекайте хвилину.",
                "Слишком много звонков подряд. Подождите минуту.",
                "Too many calls in a row. Wait a minute.",
            ],
            Self::NoMicrophone => [
                "Немає доступу до мікрофона. Дозвольте його в налаштуваннях.",
                "Нет доступа к микрофону. Разрешите его в настройках.",
                "The microphone cannot be used. Allow it in the settings.",
            ],
            Self::TheirFault => [
                "Програма співрозмовника відповіла незрозуміло. Попросіть оновити її.",
                "Программа собеседника ответила непонятно. Попросите обновить её.",
                "Their app sent something that makes no sense. Ask them to update it.",
            ],
            Self::OurFault => [
                "Помилка програми. Подзвоніть ще раз; якщо повториться, надішліть звіт.",
                "Ошибка программы. Позвоните ещё раз; если повторится, отправьте отчёт.",
                "Something went wrong in the app. Call again; if it repeats, send a report.",
            ],
        }
    }

    /// What the server's word for an end means to somebody who dialled or was called, and talked or did not.
    pub(crate) fn told(reason: EndedReason, was_called: bool, talked: bool, by_us: bool) -> Self {
        match reason {
            EndedReason::Completed if by_us => Self::WeHungUp,
            EndedReason::Completed => Self::TheyHungUp,
            EndedReason::Cancelled if talked => Self::TheyHungUp,
            EndedReason::Cancelled if was_called => Self::Missed,
            EndedReason::Cancelled => Self::WeCancelled,
            EndedReason::Failed if by_us => Self::WeLostConnection,
            EndedReason::Failed => Self::TheyLostConnection,
            EndedReason::Missed => Self::Missed,
            EndedReason::Timeout if was_called => Self::Missed,
            EndedReason::Timeout => Self::NoAnswer,
            EndedReason::AnsweredElsewhere => Self::AnsweredElsewhere,
            EndedReason::DeclinedElsewhere => Self::DeclinedElsewhere,
            EndedReason::BusyElsewhere => Self::BusyElsewhere,
            EndedReason::ServerShutdown => Self::ServerStopped,
            EndedReason::Removed if talked => Self::Removed,
            EndedReason::Removed => Self::NotLetIn,
            // A newer server has a reason of its own; that it ended is certain.
            EndedReason::Unknown if talked => Self::TheyHungUp,
            EndedReason::Unknown if was_called => Self::Missed,
            EndedReason::Unknown => Self::NoAnswer,
        }
    }

    pub(crate) fn rejected(reason: RejectReason) -> Self {
        match reason {
            RejectReason::Declined => Self::TheyDeclined,
            RejectReason::Busy => Self::TheyAreBusy,
        }
    }

    /// Why the server does not let a call begin or go on.
    pub(crate) fn refused(code: ErrorCode) -> Self {
        match code {
            ErrorCode::RecipientOffline => Self::Unreachable,
            ErrorCode::RecipientBusy => Self::TheyAreBusy,
            ErrorCode::AlreadyInCall => Self::AlreadyInCall,
            ErrorCode::AlreadyAnswered => Self::AnsweredElsewhere,
            ErrorCode::Forbidden => Self::NotAllowed,
            ErrorCode::NotFound | ErrorCode::Expired => Self::NotFound,
            ErrorCode::RoomFull => Self::RoomFull,
            ErrorCode::RateLimited => Self::TooManyCalls,
            ErrorCode::Unauthorized => Self::SignedOut,
            ErrorCode::Unavailable => Self::ServerStopped,
            ErrorCode::BadRequest
            | ErrorCode::TooLarge
            | ErrorCode::Conflict
            | ErrorCode::UnknownEvent
            | ErrorCode::Internal
            | ErrorCode::Unknown => Self::OurFault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_sentence_in_every_language_and_each_is_one_of_the_list() {
        for language in [Language::Uk, Language::Ru, Language::En] {
            for reason in EndReason::ALL {
                let text = reason.sentence(language);
                assert!(text.ends_with('.') && text.chars().count() < 90, "{reason:?}: {text}");
                let is_cyrillic = text.chars().any(|letter| ('а'..='я').contains(&letter));
                assert_eq!(is_cyrillic, language != Language::En, "{reason:?}: {text}");
            }
        }
        let all: HashSet<_> = EndReason::ALL.into_iter().collect();
        assert_eq!(all.len(), EndReason::ALL.len());
    }

    #[test]
    fn what_is_not_usual_says_what_to_do() {
        for reason in EndReason::ALL.into_iter().filter(|reason| !reason.is_usual()) {
            let text = reason.sentence(Language::En);
            assert!(
                text.trim_end_matches('.').contains(['.', ';', ':']),
                "{reason:?} only says what happened"
            );
        }
    }
}
