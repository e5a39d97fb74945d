//! Tokens made by others (`fixtures/make.js`: jsonwebtoken and Node's crypto), good ones and what attackers try.
use super::*;
use crate::settings::{JwtSettings, Secret};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixtures {
    now: u64,
    secret: String,
    bot: String,
    tokens: Vec<Case>,
    audience: Vec<Case>,
    telegram: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    keys: String,
    expect: serde_json::Value,
    #[serde(alias = "data")]
    token: String,
}

const RSA: &str = include_str!("fixtures/rsa.pem");
const RSA_PKCS1: &str = include_str!("fixtures/rsa-pkcs1.pem");
const EC: &str = include_str!("fixtures/ec.pem");

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("fixtures/tokens.json")).unwrap()
}

fn jwt_only(jwt: JwtSettings) -> Auth {
    Auth::new(&AuthSettings { jwt: Some(jwt), ..AuthSettings::default() })
}

/// What came out, written as the fixtures have it.
fn outcome(result: Result<Option<UserId>, AuthError>) -> serde_json::Value {
    match result {
        Ok(Some(user)) => user.get().into(),
        Ok(None) => "nobody".into(),
        Err(error) => format!("{error:?}").into(),
    }
}

#[test]
fn tokens_of_others_are_read_and_forged_ones_refused_by_their_fault() {
    let fixtures = fixtures();
    for case in &fixtures.tokens {
        let pem = match case.keys.as_str() {
            keys if keys.ends_with("rs") => Some(RSA),
            keys if keys.ends_with("es") => Some(EC),
            _ => None,
        };
        let auth = jwt_only(JwtSettings {
            secret: case.keys.contains("hs").then(|| Secret::new(fixtures.secret.clone())),
            public_key: pem.map(|pem| VerifyingKey::from_pem(pem).unwrap()),
            ..JwtSettings::default()
        });

        let result = auth.check(Proof::Token(&case.token), UnixMillis(fixtures.now * 1000));

        assert_eq!(outcome(result), case.expect, "{}", case.name);
    }
}

#[test]
fn audience_and_issuer_must_fit_where_they_are_set() {
    let fixtures = fixtures();
    let auth = jwt_only(JwtSettings {
        secret: Some(Secret::new(fixtures.secret.clone())),
        audience: Some("calls".into()),
        issuer: Some("messenger".into()),
        ..JwtSettings::default()
    });
    for case in &fixtures.audience {
        let result = auth.check(Proof::Token(&case.token), UnixMillis(fixtures.now * 1000));

        assert_eq!(outcome(result), case.expect, "{}", case.name);
    }
}

#[test]
fn what_telegram_signed_is_believed_for_a_day() {
    let fixtures = fixtures();
    let auth = Auth::new(&AuthSettings {
        telegram: Some(Secret::new(fixtures.bot.clone())),
        ..AuthSettings::default()
    });
    for case in &fixtures.telegram {
        let result = auth.check(Proof::InitData(&case.token), UnixMillis(fixtures.now * 1000));

        assert_eq!(outcome(result), case.expect, "{}", case.name);
    }
}

#[test]
fn a_user_of_telegram_is_not_the_messenger_s_user_of_the_same_number() {
    let fixtures = fixtures();
    let case = &fixtures.telegram[0];
    let id = case.expect.as_u64().unwrap();
    let now = UnixMillis(fixtures.now * 1000);
    let secret = Secret::new(fixtures.secret.clone());
    let jwt = JwtSettings { secret: Some(secret.clone()), ..JwtSettings::default() };
    let telegram = Some(Secret::new(fixtures.bot.clone()));
    let both =
        Auth::new(&AuthSettings { jwt: Some(jwt.clone()), telegram: telegram.clone(), ..Default::default() });
    let alone = Auth::new(&AuthSettings { telegram, ..AuthSettings::default() });
    let token = |id| make_test_token(&secret, &jwt, UserId::new(id).unwrap(), fixtures.now, 60);

    assert_eq!(outcome(alone.check(Proof::InitData(&case.token), now)), id);
    assert_eq!(outcome(both.check(Proof::InitData(&case.token), now)), TELEGRAM_IDS + id);
    assert_eq!(outcome(both.check(Proof::Token(&token(id)), now)), id);
    // The messenger's tokens cannot name one of Telegram's either.
    assert_eq!(both.check(Proof::Token(&token(TELEGRAM_IDS + id)), now), Err(AuthError::NoUser));
    assert_eq!(outcome(both.check(Proof::Token(&token(TELEGRAM_IDS - 1)), now)), TELEGRAM_IDS - 1);
}

#[test]
fn a_sign_in_ends_at_the_moment_from_which_its_proof_is_refused() {
    let fixtures = fixtures();
    let telegram = Secret::new(fixtures.bot.clone());
    let token = Proof::Token(&fixtures.tokens[0].token);
    let data = Proof::InitData(&fixtures.telegram[0].token);
    let by_telegram = Auth::new(&AuthSettings { telegram: Some(telegram), ..AuthSettings::default() });
    for (auth, proof) in [(with_secret(&fixtures), token), (by_telegram, data)] {
        let sign_in = auth.sign_in(proof, UnixMillis(fixtures.now * 1000)).unwrap().unwrap();

        let until = sign_in.until;
        assert_eq!(auth.sign_in(proof, UnixMillis(until.0 - 1)), Ok(Some(sign_in)));
        assert_eq!(auth.sign_in(proof, until), Err(AuthError::Expired));
    }
}

#[test]
fn a_token_with_any_byte_changed_or_cut_off_is_refused() {
    let fixtures = fixtures();
    let good = &fixtures.tokens[0];
    let auth = with_secret(&fixtures);
    let now = UnixMillis(fixtures.now * 1000);
    assert_eq!(outcome(auth.check(Proof::Token(&good.token), now)), good.expect);

    for at in 0..good.token.len() {
        let mut changed = good.token.clone().into_bytes();
        // The last character of a part carries spare bits; a change of those is refused by the decoder.
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();

        assert!(auth.check(Proof::Token(&changed), now).is_err(), "byte {at} changed");
        assert!(auth.check(Proof::Token(&good.token[..at]), now).is_err(), "cut at {at}");
    }
}

fn with_secret(fixtures: &Fixtures) -> Auth {
    jwt_only(JwtSettings { secret: Some(Secret::new(fixtures.secret.clone())), ..JwtSettings::default() })
}

#[test]
fn a_huge_proof_is_refused_before_it_is_read() {
    let fixtures = fixtures();
    let huge = "a".repeat(1 << 20);

    let result = with_secret(&fixtures).check(Proof::Token(&huge), UnixMillis(0));

    assert_eq!(result, Err(AuthError::Damaged));
}

#[test]
fn an_error_says_what_to_do_and_repeats_nothing_of_the_proof() {
    let fixtures = fixtures();
    let auth = with_secret(&fixtures);
    for case in &fixtures.tokens {
        let result = auth.check(Proof::Token(&case.token), UnixMillis(fixtures.now * 1000));
        let Err(error) = result else { continue };
        let refusal = Refusal::from(error);

        assert_eq!(refusal.code, ErrorCode::Unauthorized);
        for part in case.token.split('.').filter(|part| part.len() > 4) {
            assert!(!refusal.message.contains(part), "{}: {}", case.name, refusal.message);
        }
        assert!(!refusal.message.contains(&fixtures.secret));
    }
}

#[test]
fn in_open_mode_nobody_needs_a_proof_but_a_wrong_one_is_refused() {
    let fixtures = fixtures();
    let now = UnixMillis(fixtures.now * 1000);
    let open = Auth::new(&AuthSettings { open: true, ..AuthSettings::default() });
    let both = Auth::new(&AuthSettings {
        open: true,
        jwt: Some(JwtSettings {
            secret: Some(Secret::new(fixtures.secret.clone())),
            ..JwtSettings::default()
        }),
        ..AuthSettings::default()
    });
    let token = &fixtures.tokens[0].token;

    assert_eq!(open.check(Proof::Nothing, now), Ok(None));
    assert_eq!(open.check(Proof::Token("whatever an app sends"), now), Ok(None));
    assert_eq!(both.check(Proof::Nothing, now), Ok(None));
    assert_eq!(outcome(both.check(Proof::Token(token), now)), 123);
    assert_eq!(both.check(Proof::Token("forged.a.b"), now), Err(AuthError::Damaged));
    assert_eq!(both.check(Proof::InitData("hash=00"), now), Err(AuthError::NotTaken));
}

#[test]
fn without_open_mode_a_proof_is_needed_and_of_the_right_kind() {
    let auth = with_secret(&fixtures());

    assert_eq!(auth.check(Proof::Nothing, UnixMillis(0)), Err(AuthError::Missing));
    assert_eq!(auth.check(Proof::InitData("hash=00"), UnixMillis(0)), Err(AuthError::NotTaken));
}

#[test]
fn a_proof_is_found_in_the_handshake_and_in_the_header() {
    let kind = |proof: Proof<'_>| match proof {
        Proof::Nothing => "nothing".to_owned(),
        Proof::Token(token) => format!("token {token}"),
        Proof::InitData(data) => format!("telegram {data}"),
    };
    for (auth, expected) in [
        (serde_json::json!({ "token": "a.b.c" }), "token a.b.c"),
        (serde_json::json!({ "initData": "user=1&hash=2" }), "telegram user=1&hash=2"),
        (serde_json::json!({ "token": "user=1&hash=2" }), "telegram user=1&hash=2"),
        (serde_json::json!({ "token": "" }), "nothing"),
        (serde_json::json!({ "token": 5 }), "nothing"),
        (serde_json::json!({}), "nothing"),
        (serde_json::Value::Null, "nothing"),
    ] {
        assert_eq!(kind(Proof::of_handshake(&auth)), expected, "{auth}");
    }
    for (header, expected) in [
        (None, "nothing"),
        (Some("Bearer a.b.c"), "token a.b.c"),
        (Some("bearer  a.b.c "), "token a.b.c"),
        (Some("Bearer user=1&hash=2"), "telegram user=1&hash=2"),
        (Some("tma user=1&hash=2"), "telegram user=1&hash=2"),
    ] {
        assert_eq!(kind(Proof::of_header(header).unwrap()), expected, "{header:?}");
    }
    assert!(Proof::of_header(Some("Basic dXNlcjpwYXNz")).is_err());
    assert!(Proof::of_header(Some("a.b.c")).is_err());
}

#[test]
fn a_public_key_is_read_as_openssl_writes_it_and_others_are_named() {
    let on_one_line = EC.replace('\n', "\\n");
    for pem in [RSA, RSA_PKCS1, EC, &on_one_line] {
        assert!(VerifyingKey::from_pem(pem).is_ok(), "{pem}");
    }
    let around = |label: &str| format!("-----BEGIN {label}-----\nMIIB\n-----END {label}-----\n");
    for (pem, error) in [
        ("", KeyError::NoPem),
        ("MIIBIjANBgkqhkiG9w0BAQ", KeyError::NoPem),
        ("-----BEGIN PUBLIC KEY-----\n???\n-----END PUBLIC KEY-----", KeyError::NoPem),
        (&around("PUBLIC KEY"), KeyError::Kind),
        (&around("PRIVATE KEY"), KeyError::Private),
        (&around("EC PRIVATE KEY"), KeyError::Private),
        (&around("CERTIFICATE"), KeyError::Certificate),
        (include_str!("fixtures/p384.pem"), KeyError::Kind),
        (include_str!("fixtures/rsa-1024.pem"), KeyError::Kind),
    ] {
        assert_eq!(VerifyingKey::from_pem(pem).err(), Some(error), "{pem}");
    }
}

#[test]
fn a_damaged_key_is_refused_and_never_a_panic() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    for pem in [RSA, RSA_PKCS1, EC] {
        let label = pem.lines().next().unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(body).unwrap();
        let written = |der: &[u8]| {
            format!("{label}\n{}\n{}\n", BASE64_STANDARD.encode(der), label.replace("BEGIN", "END"))
        };
        assert!(VerifyingKey::from_pem(&written(&der)).is_ok());

        for at in 0..der.len() {
            assert!(VerifyingKey::from_pem(&written(&der[..at])).is_err(), "cut at {at}");
            for value in [0x00, 0x7f, 0x80, 0x82, 0xff] {
                let mut changed = der.clone();
                changed[at] = value;
                // Some changes only touch the key's number: what counts is that it comes back.
                let _read = VerifyingKey::from_pem(&written(&changed));
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn nothing_that_anybody_sends_is_taken_or_a_panic(
        text in "\\PC{0,200}",
        parts in "[A-Za-z0-9_=+/-]{0,40}\\.[A-Za-z0-9_=-]{0,80}\\.[A-Za-z0-9_=-]{0,60}",
        data in "([a-z_]{1,9}=[^&]{0,20}&){0,5}hash=[0-9a-f%]{0,70}",
    ) {
        let fixtures = fixtures();
        let jwt = JwtSettings {
            secret: Some(Secret::new(fixtures.secret)),
            public_key: Some(VerifyingKey::from_pem(EC).unwrap()),
            ..JwtSettings::default()
        };
        let telegram = Some(Secret::new(fixtures.bot));
        let auth = Auth::new(&AuthSettings { jwt: Some(jwt), telegram, ..AuthSettings::default() });
        for text in [&text, &parts, &data] {
            let proofs = [Proof::Token(text), Proof::InitData(text), Proof::of_bearer(text)];
            for proof in proofs {
                proptest::prop_assert!(auth.check(proof, UnixMillis(fixtures.now * 1000)).is_err());
            }
            let header = Proof::of_header(Some(text));
            proptest::prop_assert!(header.and_then(|proof| auth.check(proof, UnixMillis(0))).is_err());
        }
    }
}

#[test]
fn the_token_for_a_first_try_is_one_that_the_server_takes() {
    let secret = Secret::new("0123456789abcdef0123456789abcdef");
    let settings = JwtSettings {
        secret: Some(secret.clone()),
        audience: Some("calls".into()),
        issuer: Some("messenger".into()),
        ..JwtSettings::default()
    };
    let token = make_test_token(&secret, &settings, UserId::new(5).unwrap(), 1000, 60);
    let auth = jwt_only(settings);

    assert_eq!(outcome(auth.check(Proof::Token(&token), UnixMillis(1_059_000))), 5);
    assert_eq!(auth.check(Proof::Token(&token), UnixMillis(1_120_000)), Err(AuthError::Expired));
}
