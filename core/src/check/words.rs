//! What a person reads of a finding, and what they can do, in three languages.
use super::{Finding, Subject};
use crate::peer::RelayProtocol;
use calls_machine::Language;

/// What a person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What they can do; empty if there is nothing to do.
    pub advice: &'static str,
}

impl Words {
    /// All of it in one line.
    pub fn line(&self) -> String {
        let Self { what, found, advice } = self;
        let space = if advice.is_empty() { "" } else { " " };
        format!("{what}: {found}{space}{advice}")
    }
}

/// A finding in words.
pub fn in_words(subject: Subject, finding: &Finding, language: Language) -> Words {
    let say = |[uk, ru, en]: [&'static str; 3]| match language {
        Language::Uk => uk,
        Language::Ru => ru,
        Language::En => en,
    };
    let found = match finding {
        Finding::Fine { took } => {
            let works = say(["працює", "работает", "works"]);
            let ms = say(["мс", "мс", "ms"]);
            format!("{works} ({} {ms}).", took.as_millis())
        }
        Finding::Lossy { lost } => {
            let percent = (lost * 100.0).round();
            match language {
                Language::Uk => format!("губиться {percent} %."),
                Language::Ru => format!("теряется {percent} %."),
                Language::En => format!("{percent} % of it is lost."),
            }
        }
        Finding::NotOffered
        | Finding::NoAnswer
        | Finding::SignedOut
        | Finding::Stranger
        | Finding::Skipped
        | Finding::Silent => say(found(finding)).to_owned(),
    };
    Words { what: say(name(subject)), found, advice: say(advice(subject, finding)) }
}

fn name(subject: Subject) -> [&'static str; 3] {
    match subject {
        Subject::Server => ["Сервер", "Сервер", "Server"],
        Subject::Address => {
            ["Адреса ззовні (STUN)", "Адрес снаружи (STUN)", "Address seen from outside (STUN)"]
        }
        Subject::Relay(RelayProtocol::Udp) => {
            ["Ретранслятор через UDP", "Ретранслятор через UDP", "Relay by UDP"]
        }
        Subject::Relay(RelayProtocol::Tcp) => {
            ["Ретранслятор через TCP", "Ретранслятор через TCP", "Relay by TCP"]
        }
        Subject::Relay(RelayProtocol::Tls) => {
            ["Ретранслятор через TLS", "Ретранслятор через TLS", "Relay by TLS"]
        }
        Subject::Media => ["Голос через ретранслятор", "Голос через ретранслятор", "Voice through the relay"],
        Subject::Sound => ["Мікрофон і динамік", "Микрофон и динамик", "Microphone and loudspeaker"],
    }
}

/// What is the same for every subject.
fn found(finding: &Finding) -> [&'static str; 3] {
    match finding {
        Finding::Fine { .. } | Finding::Lossy { .. } => ["", "", ""],
        Finding::NotOffered => ["сервер не пропонує.", "сервер не предлагает.", "the server names none."],
        Finding::NoAnswer => ["не відповідає.", "не отвечает.", "does not answer."],
        Finding::SignedOut => [
            "не визнає цього користувача.",
            "не признаёт этого пользователя.",
            "does not take this user's proof.",
        ],
        Finding::Stranger => {
            ["це не сервер дзвінків.", "это не сервер звонков.", "answers, but is no server for calls."]
        }
        Finding::Skipped => {
            ["не перевірялося.", "не проверялось.", "not tried, since something that it needs does not work."]
        }
        Finding::Silent => ["нічого не чути.", "ничего не слышно.", "hears nothing at all."],
    }
}

fn advice(subject: Subject, finding: &Finding) -> [&'static str; 3] {
    match (subject, finding) {
        (_, Finding::Fine { .. } | Finding::Skipped) => ["", "", ""],
        (Subject::Relay(_), Finding::NotOffered) => [
            "У суворих мережах дзвінки можуть не вдатися: додати його може власник сервера.",
            "В строгих сетях звонки могут не удаться: добавить его может владелец сервера.",
            "Calls from strict networks may fail. Its operator can add one.",
        ],
        (_, Finding::NotOffered) => [
            "Дзвінки працюють і без цього, але рідше.",
            "Звонки работают и без этого, но реже.",
            "Calls work without it, less often.",
        ],
        (Subject::Server, Finding::NoAnswer) => [
            "Перевірте мережу, адресу і чи працює сервер.",
            "Проверьте сеть, адрес и работает ли сервер.",
            "Check the address, the network, and whether the server runs.",
        ],
        (_, Finding::SignedOut) => {
            ["Увійдіть ще раз.", "Войдите ещё раз.", "Sign in again, or check the token."]
        }
        (_, Finding::Stranger) => {
            ["Перевірте адресу і шлях.", "Проверьте адрес и путь.", "Check the address and the path."]
        }
        (Subject::Relay(RelayProtocol::Udp) | Subject::Address, Finding::NoAnswer) => [
            "Ця мережа не пропускає UDP, або сервер назвав хибну адресу. Дзвінки підуть через TCP чи TLS, якщо вони працюють.",
            "Эта сеть не пропускает UDP, или сервер назвал неверный адрес. Звонки пойдут через TCP или TLS, если те работают.",
            "This network blocks UDP, or the address that the server names is wrong. Calls use TCP or TLS then, if those work.",
        ],
        (Subject::Relay(_) | Subject::Media, Finding::NoAnswer) => [
            "Заважає брандмауер, або хибні порт, сертифікат чи пароль.",
            "Мешает брандмауэр, или неверны порт, сертификат либо пароль.",
            "A firewall is in between, or the port, certificate or password is wrong.",
        ],
        (_, Finding::Lossy { .. }) => [
            "Мережа погана: спробуйте іншу.",
            "Сеть плохая: попробуйте другую.",
            "This network is bad. Try another one.",
        ],
        (_, Finding::Silent | Finding::NoAnswer) => [
            "Дозвольте мікрофон, під'єднайте його або виберіть інший.",
            "Разрешите микрофон, подключите его или выберите другой.",
            "Allow the microphone, plug it in, or choose another one.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn whatever_is_not_fine_has_words_in_every_language_and_most_of_it_an_advice() {
        let relays = [RelayProtocol::Udp, RelayProtocol::Tcp, RelayProtocol::Tls].map(Subject::Relay);
        let subjects = [Subject::Server, Subject::Address, Subject::Media, Subject::Sound];
        for subject in subjects.into_iter().chain(relays) {
            for finding in [
                Finding::NotOffered,
                Finding::NoAnswer,
                Finding::SignedOut,
                Finding::Stranger,
                Finding::Skipped,
                Finding::Lossy { lost: 0.12 },
                Finding::Silent,
            ] {
                let words = [Language::Uk, Language::Ru, Language::En]
                    .map(|language| in_words(subject, &finding, language));

                assert!(words.iter().all(|words| !words.found.is_empty()), "{subject:?} {finding:?}");
                assert_ne!(words[0].found, words[2].found);
                let has_advice = finding != Finding::Skipped;
                assert!(words.iter().all(|words| words.advice.is_empty() != has_advice), "{words:?}");
            }
        }
        let fine = Finding::Fine { took: Duration::from_millis(7) };
        assert_eq!(in_words(Subject::Server, &fine, Language::En).line(), "Server: works (7 ms).");
        assert_eq!(
            in_words(Subject::Sound, &Finding::Lossy { lost: 0.5 }, Language::Uk).line(),
            "Мікрофон і динамік: губиться 50 %. Мережа погана: спробуйте іншу."
        );
    }
}
