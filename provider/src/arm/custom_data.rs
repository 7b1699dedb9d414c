//! What a machine is told to do at its first boot, in the form its system takes (juju-provider 1.12).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde_json::json;

use super::choose_image::OperatingSystem;
use crate::{Error, UserData};

/// Before base64.
const LEN_MAX: usize = 65_535;

/// The custom data of a machine, in base64.
pub(crate) fn encode(data: &UserData, system: OperatingSystem) -> Result<String, Error> {
    encode_with_keys(data, system, "")
}

/// The same, with the keys that may log in, for an API that takes none by itself: lines of an `authorized_keys` file, which
/// cloud-init alone understands.
pub(crate) fn encode_with_keys(data: &UserData, system: OperatingSystem, keys: &str) -> Result<String, Error> {
    let bytes = match system {
        OperatingSystem::Ubuntu => gzip(&cloud_config(data, keys)),
        OperatingSystem::CentOs => shell_script(data).into_bytes(),
        OperatingSystem::Windows => power_shell_script(data).into_bytes(),
    };
    if bytes.len() > LEN_MAX {
        return Err(Error::Machine(format!(
            "the user data makes {} bytes of custom data, and Azure takes {LEN_MAX}",
            bytes.len()
        )));
    }

    Ok(STANDARD.encode(bytes))
}

/// JSON is YAML, and needs no quoting rules of ours.
fn cloud_config(data: &UserData, keys: &str) -> String {
    let mut config = serde_json::Map::new();
    let keys: Vec<&str> = keys.lines().map(str::trim).filter(|key| !key.is_empty()).collect();
    if !keys.is_empty() {
        config.insert("ssh_authorized_keys".to_owned(), json!(keys));
    }
    if !data.files.is_empty() {
        let files = data.files.iter().map(|file| {
            json!({
                "path": file.path,
                "permissions": format!("{:04o}", file.mode),
                "encoding": "b64",
                "content": STANDARD.encode(&file.content),
            })
        });
        config.insert("write_files".to_owned(), files.collect());
    }
    if !data.commands.is_empty() {
        config.insert("runcmd".to_owned(), json!(data.commands));
    }
    format!("#cloud-config\n{}\n", serde_json::Value::Object(config))
}

/// The same bytes for the same text: no name, no time.
fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

fn shell_script(data: &UserData) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut script = "#!/bin/bash\nset -e\n".to_owned();
    for file in &data.files {
        let path = quote(&file.path);
        script.push_str(&format!(
            "install -D -m {:04o} /dev/null {path}\nbase64 -d > {path} <<< {}\n",
            file.mode,
            STANDARD.encode(&file.content)
        ));
    }
    for command in &data.commands {
        script.push_str(command);
        script.push('\n');
    }
    script
}

fn power_shell_script(data: &UserData) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut script = "$ErrorActionPreference = 'Stop'\r\n".to_owned();
    for file in &data.files {
        let path = quote(&file.path);
        script.push_str(&format!(
            "New-Item -ItemType Directory -Force -Path (Split-Path -Parent {path}) | Out-Null\r\n\
             [IO.File]::WriteAllBytes({path}, [Convert]::FromBase64String('{}'))\r\n",
            STANDARD.encode(&file.content)
        ));
    }
    for command in &data.commands {
        script.push_str(command);
        script.push_str("\r\n");
    }
    script
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use expect_test::{Expect, expect};
    use flate2::read::GzDecoder;

    use super::{OperatingSystem, encode, encode_with_keys};
    use crate::{UserData, UserFile};

    fn data() -> UserData {
        UserData {
            files: vec![UserFile {
                path: "/var/lib/juju/it's".to_owned(),
                content: "n".to_owned(),
                mode: 0o600,
            }],
            commands: vec!["start jujud".to_owned()],
        }
    }

    fn check(system: OperatingSystem, expect: Expect) {
        let encoded = encode(&data(), system).expect("the data is short");
        let mut bytes = STANDARD.decode(encoded).expect("custom data is base64");
        if system == OperatingSystem::Ubuntu {
            let mut text = Vec::new();
            GzDecoder::new(bytes.as_slice())
                .read_to_end(&mut text)
                .expect("custom data is compressed");
            bytes = text;
        }
        expect.assert_eq(&String::from_utf8(bytes).expect("custom data is text").replace('\r', ""));
    }

    #[test]
    fn each_system_is_told_in_its_own_words() {
        check(
            OperatingSystem::Ubuntu,
            expect![[r##"
                #cloud-config
                {"write_files":[{"path":"/var/lib/juju/it's","permissions":"0600","encoding":"b64","content":"bg=="}],"runcmd":["start jujud"]}
            "##]],
        );
        check(
            OperatingSystem::CentOs,
            expect![[r#"
                #!/bin/bash
                set -e
                install -D -m 0600 /dev/null '/var/lib/juju/it'\''s'
                base64 -d > '/var/lib/juju/it'\''s' <<< bg==
                start jujud
            "#]],
        );
        check(
            OperatingSystem::Windows,
            expect![[r#"
                $ErrorActionPreference = 'Stop'
                New-Item -ItemType Directory -Force -Path (Split-Path -Parent '/var/lib/juju/it''s') | Out-Null
                [IO.File]::WriteAllBytes('/var/lib/juju/it''s', [Convert]::FromBase64String('bg=='))
                start jujud
            "#]],
        );
    }

    #[test]
    fn keys_come_with_the_data_where_the_api_takes_none() {
        let encoded = encode_with_keys(
            &UserData::default(),
            OperatingSystem::Ubuntu,
            "ssh-rsa A a\n\nssh-rsa B b\n",
        );
        let bytes = STANDARD
            .decode(encoded.expect("the data is short"))
            .expect("custom data is base64");
        let mut text = String::new();
        GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .expect("custom data is compressed text");
        expect![[r##"
            #cloud-config
            {"ssh_authorized_keys":["ssh-rsa A a","ssh-rsa B b"]}
        "##]]
        .assert_eq(&text);
    }

    #[test]
    fn the_same_data_makes_the_same_bytes() {
        let twice = [
            encode(&data(), OperatingSystem::Ubuntu),
            encode(&data(), OperatingSystem::Ubuntu),
        ];
        assert_eq!(twice[0].as_ref().ok(), twice[1].as_ref().ok());
    }

    #[test]
    fn what_azure_does_not_take_is_refused_here() {
        let data = UserData {
            files: Vec::new(),
            commands: vec!["x".repeat(70_000)],
        };
        let error = encode(&data, OperatingSystem::CentOs).map_err(|error| error.to_string());
        let expected = "the user data makes 70020 bytes of custom data, and Azure takes 65535";
        assert_eq!(error.err().as_deref(), Some(expected));
    }
}
