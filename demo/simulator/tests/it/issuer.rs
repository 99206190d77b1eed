use std::{collections::HashSet, os::unix::fs::PermissionsExt as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm as Signed, DecodingKey, Validation, decode, decode_header, errors::ErrorKind, jwk::JwkSet,
};
use serde_json::{Map, Value, json};
use simulator::{
    Config, Simulator,
    issuer::{Algorithm, Claims, Client, Flaw},
};

async fn start() -> Simulator {
    let client = Client { id: "engineer".into(), secret: "s3cret".into(), claims: claims() };
    Simulator::start(Config { clients: vec![client], ..Config::default() }).await.unwrap()
}

fn claims() -> Claims {
    Claims {
        tenant: Some("acme".into()),
        teams: vec!["payments".into(), "platform".into()],
        scopes: vec!["catalog:read".into(), "cost:read".into()],
        ..Claims::new("alice")
    }
}

async fn jwks(simulator: &Simulator) -> JwkSet {
    let discovery: Value = reqwest::get(format!("{}/.well-known/openid-configuration", simulator.issuer_url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(discovery["issuer"], simulator.issuer_url());
    reqwest::get(discovery["jwks_uri"].as_str().unwrap()).await.unwrap().json().await.unwrap()
}

/// A strict verifier, made with another library than the issuer's.
fn verify(simulator: &Simulator, keys: &JwkSet, token: &str) -> Result<Map<String, Value>, ErrorKind> {
    let header = decode_header(token).map_err(|error| error.into_kind())?;
    let key = keys.find(&header.kid.unwrap()).ok_or(ErrorKind::InvalidToken)?;
    let algorithm: Signed = key.common.key_algorithm.unwrap().to_string().parse().unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["weft"]);
    validation.set_issuer(&[simulator.issuer_url()]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud"]);
    validation.validate_nbf = true;
    let key = DecodingKey::from_jwk(key).unwrap();
    decode(token, &key, &validation).map(|token| token.claims).map_err(|error| error.into_kind())
}

#[tokio::test]
async fn sound_tokens_of_both_algorithms_verify_and_say_what_they_should() {
    let simulator = start().await;
    let keys = jwks(&simulator).await;
    for algorithm in Algorithm::ALL {
        let payload = verify(&simulator, &keys, &simulator.issuer().token_with(algorithm, &claims())).unwrap();
        assert_eq!((&payload["sub"], &payload["tenant"]), (&json!("alice"), &json!("acme")));
        assert_eq!(payload["groups"], json!(["payments", "platform"]));
        assert_eq!(payload["scope"], "catalog:read cost:read");
        assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), 3600);
    }
    assert_eq!((simulator.issuer().discovery_fetches(), simulator.issuer().jwks_fetches()), (1, 1));
}

#[tokio::test]
async fn each_flaw_is_refused_for_its_own_reason() {
    let simulator = start().await;
    let keys = jwks(&simulator).await;
    for flaw in Flaw::ALL {
        let token = simulator.issuer().broken_token(&claims(), flaw);
        let error = verify(&simulator, &keys, &token).expect_err(&format!("{flaw:?} must not pass"));
        let is_expected = match flaw {
            Flaw::ForgedKey | Flaw::EmbeddedKey | Flaw::Tampered => matches!(error, ErrorKind::InvalidSignature),
            Flaw::MissingSignature => matches!(error, ErrorKind::InvalidSignature | ErrorKind::InvalidToken),
            Flaw::Expired => matches!(error, ErrorKind::ExpiredSignature),
            Flaw::NotYetValid => matches!(error, ErrorKind::ImmatureSignature),
            Flaw::WrongAudience => matches!(error, ErrorKind::InvalidAudience),
            Flaw::WrongIssuer => matches!(error, ErrorKind::InvalidIssuer),
            Flaw::UnknownKid => matches!(error, ErrorKind::InvalidToken),
            Flaw::MissingExpiry => matches!(error, ErrorKind::MissingRequiredClaim(ref claim) if claim == "exp"),
            Flaw::HmacWithPublicPem | Flaw::HmacWithPublicDer => matches!(error, ErrorKind::InvalidAlgorithm),
            // No library reads this header at all.
            Flaw::AlgorithmNone => matches!(error, ErrorKind::Json(_) | ErrorKind::InvalidAlgorithmName),
        };
        assert!(is_expected, "{flaw:?} failed with {error:?}");
    }
}

#[tokio::test]
async fn the_key_confusion_would_work_against_a_careless_verifier() {
    let simulator = start().await;
    let url = format!("{}/jwks", simulator.issuer_url());
    let before: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    let token = simulator.issuer().broken_token(&claims(), Flaw::HmacWithPublicDer);
    assert_eq!(decode_header(&token).unwrap().alg, Signed::HS256);
    // SubjectPublicKeyInfo of RSA-2048 with exponent 65537: a fixed head, the modulus, a fixed end.
    let rsa = before["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap();
    let head = "30820122300d06092a864886f70d01010105000382010f003082010a0282010100";
    let mut der: Vec<u8> =
        (0..head.len()).step_by(2).map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap()).collect();
    der.extend(URL_SAFE_NO_PAD.decode(rsa["n"].as_str().unwrap()).unwrap());
    der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
    let mut validation = Validation::new(Signed::HS256);
    validation.set_audience(&["weft"]);
    assert!(decode::<Value>(&token, &DecodingKey::from_secret(&der), &validation).is_ok());
}

#[tokio::test]
async fn rotation_keeps_old_keys_until_they_are_retired() {
    let simulator = start().await;
    let issuer = simulator.issuer();
    let (old_kid, old) = (issuer.kids()[0].clone(), issuer.token(&claims()));
    let new_kid = issuer.rotate(Algorithm::Es256).unwrap();
    let new = issuer.token(&claims());
    assert_eq!(decode_header(&old).unwrap().kid.unwrap(), old_kid);
    assert_eq!(decode_header(&new).unwrap().kid.unwrap(), new_kid);
    let keys = jwks(&simulator).await;
    assert!(verify(&simulator, &keys, &old).is_ok() && verify(&simulator, &keys, &new).is_ok());
    issuer.retire(&old_kid).unwrap();
    let keys = jwks(&simulator).await;
    assert!(verify(&simulator, &keys, &old).is_err() && verify(&simulator, &keys, &new).is_ok());
    assert!(issuer.retire(&new_kid).is_err(), "the last key of an algorithm stays");
    assert!(issuer.retire("absent").is_err());
}

#[tokio::test]
async fn kept_keys_survive_a_restart_and_are_private() {
    let dir = std::env::temp_dir().join(format!("simulator-keys-{}", std::process::id()));
    let config = || Config { keys_dir: Some(dir.clone()), ..Config::default() };
    let first = Simulator::start(config()).await.unwrap();
    first.issuer().rotate(Algorithm::Es256).unwrap();
    let kids = first.issuer().kids();
    first.stop().await;
    for file in std::fs::read_dir(&dir).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let second = Simulator::start(config()).await.unwrap();
    assert_eq!(second.issuer().kids(), kids);
    let token = second.issuer().token(&claims());
    assert_eq!(decode_header(&token).unwrap().kid.as_deref(), kids.last().map(String::as_str), "the newest signs");
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn a_known_client_fetches_a_token_and_others_do_not() {
    let simulator = start().await;
    let keys = jwks(&simulator).await;
    let url = format!("{}/token", simulator.issuer_url());
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let ask = async |body: String| {
        let form = "application/x-www-form-urlencoded";
        let response = http.post(&url).header("content-type", form).body(body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (status, answer) =
        ask("grant_type=client_credentials&client_id=engineer&client_secret=s3cret".to_owned()).await;
    assert_eq!((status, &answer["token_type"], &answer["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
    let payload = verify(&simulator, &keys, answer["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(payload["sub"], "alice");
    for (asked, lives) in [("2", 2), ("999999", 3600)] {
        let form = "grant_type=client_credentials&client_id=engineer&client_secret=s3cret&lifetime=";
        let (_, answer) = ask(format!("{form}{asked}")).await;
        assert_eq!(answer["expires_in"], lives);
        let payload = verify(&simulator, &keys, answer["access_token"].as_str().unwrap()).unwrap();
        assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), lives);
    }
    let refused = ask("grant_type=client_credentials&client_id=engineer&client_secret=wrong".to_owned()).await;
    assert_eq!(refused, (401, json!({ "error": "invalid_client" })));
    let refused = ask("grant_type=password&client_id=engineer&client_secret=s3cret".to_owned()).await;
    assert_eq!(refused, (400, json!({ "error": "unsupported_grant_type" })));
}

#[tokio::test]
async fn extra_claims_win_and_token_ids_differ() {
    let simulator = start().await;
    let extra = json!({ "exp": "tomorrow", "email": "alice@acme.example" }).as_object().cloned().unwrap();
    let claims = Claims { extra, lifetime: Duration::from_secs(5), ..claims() };
    let payloads: Vec<Value> = (0..20)
        .map(|_| simulator.issuer().token(&claims))
        .map(|token| URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap())
        .map(|payload| serde_json::from_slice(&payload).unwrap())
        .collect();
    assert_eq!((&payloads[0]["exp"], &payloads[0]["email"]), (&json!("tomorrow"), &json!("alice@acme.example")));
    let ids: HashSet<_> = payloads.iter().map(|payload| payload["jti"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 20);
}
