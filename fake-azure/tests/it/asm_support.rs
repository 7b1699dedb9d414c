//! A client of the classic API for tests: sends requests in process, waits for operations by moving the clock, and writes what
//! went over the wire as text.

use std::collections::BTreeMap;

use bytes::Bytes;
use fake_azure::cloud::catalogue::limits::Era;
use fake_azure::cloud::{Guid, OperationId, Time};
use fake_azure::{FakeAzure, Listener, Pace};
use http::{Request, StatusCode};

pub(crate) const AZURE: &str = "http://schemas.microsoft.com/windowsazure";
pub(crate) const VERSION: &str = "2016-03-01";
pub(crate) const UBUNTU: &str = "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB";
pub(crate) const WINDOWS: &str = "a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-201506.01-en.us-127GB.vhd";

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answered {
    /// `404 ResourceNotFound: The hosted service does not exist.`, or the status and the body.
    pub(crate) fn line(&self) -> String {
        let part = |name: &str| {
            let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>"))
                .map(|(inner, _)| inner.to_owned())
        };
        match (part("Code"), part("Message")) {
            (Some(code), Some(message)) => format!("{} {code}: {message}", self.status.as_u16()),
            _ => format!("{} {}", self.status.as_u16(), self.body),
        }
    }

    pub(crate) fn operation(&self) -> OperationId {
        let id = self
            .headers
            .get("x-ms-request-id")
            .expect("every answer of a write has an id");
        OperationId(Guid(u128::from_str_radix(id, 16).expect("32 hexadecimal digits")))
    }
}

/// An Azure with one subscription, its clock standing still.
pub(crate) struct Classic {
    pub(crate) azure: FakeAzure,
    pub(crate) subscription: Guid,
    log: Vec<String>,
}

impl Classic {
    pub(crate) fn start() -> Classic {
        Classic::with(Pace::Paused)
    }

    pub(crate) fn with(pace: Pace) -> Classic {
        let start = Time::from_millis(1_459_468_800_000);
        let azure = FakeAzure::builder()
            .seed(1)
            .era(Era::Classic2014)
            .start_at(start)
            .pace(pace)
            .start();
        let subscription = azure.subscription();
        Classic {
            azure,
            subscription,
            log: Vec::new(),
        }
    }

    /// Sends a request as it stands.
    pub(crate) fn raw(&self, mut request: Request<Bytes>) -> Answered {
        if !request.headers().contains_key("authorization") && request.headers().get("x-no-auth").is_none() {
            request
                .extensions_mut()
                .insert(self.azure.directory().management_certificate());
        }
        let response = self.azure.serve(Listener::Asm, request).response;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let (parts, body) = response.into_parts();
        Answered {
            status: parts.status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// A request below the subscription; a body gets the API's namespace.
    pub(crate) fn request(&self, verb: &str, path: &str, body: &str) -> Request<Bytes> {
        let uri = format!("https://management.core.windows.net/{}{path}", self.subscription);
        let body = match body.split_once(['>', ' ', '/']) {
            Some((root, _)) if body.starts_with('<') && !body.starts_with("<?") && !body.contains("xmlns") => {
                body.replacen(root, &format!("{root} xmlns=\"{AZURE}\""), 1)
            }
            _ => body.to_owned(),
        };
        Request::builder()
            .method(verb)
            .uri(uri)
            .header("x-ms-version", VERSION)
            .body(Bytes::from(body))
            .expect("a request")
    }

    pub(crate) fn send(&self, verb: &str, path: &str, body: &str) -> Answered {
        self.raw(self.request(verb, path, body))
    }

    /// Sends a request and writes it down with its answer.
    pub(crate) fn say(&mut self, verb: &str, path: &str, body: &str) -> Answered {
        let answered = self.send(verb, path, body);
        let location = answered
            .headers
            .get("location")
            .map_or_else(String::new, |own| format!("\nlocation: {own}"));
        let body = if answered.body.is_empty() {
            String::new()
        } else {
            format!("\n{}", answered.body)
        };
        self.log
            .push(format!("{verb} {path}\n{}{location}{body}", answered.status.as_u16()));
        answered
    }

    /// The same for a write in the background: its end is written down, too.
    pub(crate) fn done(&mut self, verb: &str, path: &str, body: &str) -> String {
        let answered = self.say(verb, path, body);
        let end = self.finish(&answered);
        self.log.push(format!("  -> {end}"));
        end
    }

    /// Moves the clock to the end of what an answer began; how it ended.
    pub(crate) fn finish(&self, answered: &Answered) -> String {
        let id = answered.operation();
        self.azure.with_sandbox(|sandbox| {
            if let Some(end) = sandbox.cloud.end_of(id) {
                sandbox.advance(end);
            }
        });
        let poll = self.send("GET", &format!("/operations/{:032x}", id.0.0), "");
        if poll.body.contains("<Status>Succeeded</Status>") {
            "Succeeded".to_owned()
        } else {
            poll.line()
        }
    }

    /// A write that must be accepted and succeed.
    pub(crate) fn ok(&self, verb: &str, path: &str, body: &str) -> Answered {
        let answered = self.send(verb, path, body);
        assert!(answered.status.is_success(), "{verb} {path}: {}", answered.line());
        assert_eq!(self.finish(&answered), "Succeeded", "{verb} {path}");
        answered
    }

    /// The line of a refusal; how the operation failed, when it was accepted.
    pub(crate) fn refused(&self, verb: &str, path: &str, body: &str) -> String {
        let before = self.digest();
        let answered = self.send(verb, path, body);
        if answered.status == StatusCode::ACCEPTED {
            return format!("202, then {}", self.finish(&answered));
        }
        assert!(answered.status.as_u16() >= 400, "{verb} {path}: {}", answered.line());
        assert_eq!(
            self.digest(),
            before,
            "a refused request changed something: {verb} {path}"
        );
        answered.line()
    }

    pub(crate) fn digest(&self) -> String {
        self.azure.with_sandbox(|sandbox| sandbox.cloud.digest())
    }

    pub(crate) fn advance(&self, secs: i64) {
        self.azure.with_sandbox(|sandbox| {
            let to = sandbox.cloud.now().plus_millis(secs * 1000);
            sandbox.advance(to);
        });
    }

    /// What is wrong with the cloud: nothing, or there is a bug.
    pub(crate) fn check(&self) {
        let wrong = self.azure.with_sandbox(|sandbox| sandbox.cloud.check());
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// What was written down, ids numbered in the order in which they came.
    pub(crate) fn transcript(&self) -> String {
        number_ids(&self.log.join("\n"))
    }

    // Scenes.

    /// A hosted service and a storage account in West US.
    pub(crate) fn service(&self, name: &str) {
        self.ok("POST", "/services/hostedservices", &create_service(name, "West US"));
    }

    pub(crate) fn account(&self, name: &str) {
        let body = format!(
            "<CreateStorageServiceInput><ServiceName>{name}</ServiceName><Label>bA==</Label><Location>West US</Location>\
             <AccountType>Standard_LRS</AccountType></CreateStorageServiceInput>"
        );
        self.ok("POST", "/services/storageservices", &body);
    }

    /// A service `web`, an account `acct`, and a deployment `web` with one role `web`, just made.
    pub(crate) fn machine(&self) {
        self.service("web");
        self.account("acct");
        self.ok(
            "POST",
            "/services/hostedservices/web/deployments",
            &deployment("web", &role("web", "")),
        );
    }

    /// The same in subnet `s` of the virtual network `net`.
    pub(crate) fn networked(&self) {
        self.ok("PUT", "/services/networking/media", &network(&site("net", "West US")));
        self.service("web");
        self.account("acct");
        let role = role("web", "<SubnetNames><SubnetName>s</SubnetName></SubnetNames>");
        let body = deployment("web", &role).replace(
            "</Deployment>",
            "<VirtualNetworkName>net</VirtualNetworkName></Deployment>",
        );
        self.ok("POST", "/services/hostedservices/web/deployments", &body);
    }
}

/// GUIDs and 32-digit ids as `<guid:1>`, `<hex:1>`, the same one keeping its number.
pub(crate) fn number_ids(text: &str) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let run: usize = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
            .count();
        let word = &rest[..run];
        let is_guid = word.len() == 36 && Guid::parse(word).is_some();
        let is_hex = word.len() == 32 && !word.contains('-') && !rest[run..].starts_with("__");
        let is_print = word.len() == 40 && !word.contains('-');
        if is_guid || is_hex || is_print {
            let n = seen.len() + 1;
            let n = *seen.entry(word.replace('-', "")).or_insert(n);
            out.push_str(&format!("<{}:{n}>", if is_guid { "guid" } else { "hex" }));
            rest = &rest[run..];
        } else {
            let step = run.max(letter.len_utf8());
            out.push_str(&rest[..step]);
            rest = &rest[step..];
        }
    }
    out
}

pub(crate) fn create_service(name: &str, location: &str) -> String {
    format!(
        "<CreateHostedService><ServiceName>{name}</ServiceName><Label>bA==</Label><Location>{location}</Location></CreateHostedService>"
    )
}

pub(crate) fn deployment(name: &str, roles: &str) -> String {
    format!(
        "<Deployment><Name>{name}</Name><DeploymentSlot>Production</DeploymentSlot><Label>{name}</Label><RoleList>{roles}</RoleList>\
         </Deployment>"
    )
}

/// A Linux machine; `network` are the children of its network configuration.
pub(crate) fn role(name: &str, network: &str) -> String {
    role_with(name, network, "", "")
}

/// The same with something before and behind the system disk.
pub(crate) fn role_with(name: &str, network: &str, before: &str, behind: &str) -> String {
    format!(
        "<Role><RoleName>{name}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>\
         <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType><HostName>{name}</HostName>\
         <UserName>u</UserName><UserPassword>Passw0rd!</UserPassword></ConfigurationSet><ConfigurationSet>\
         <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>{network}</ConfigurationSet></ConfigurationSets>{before}\
         <OSVirtualHardDisk><MediaLink>https://acct.blob.core.windows.net/vhds/{name}.vhd</MediaLink>\
         <SourceImageName>{UBUNTU}</SourceImageName></OSVirtualHardDisk>{behind}</Role>"
    )
}

/// A role as it is posted alone.
pub(crate) fn alone(role: &str) -> String {
    role.replacen("<Role>", "<PersistentVMRole>", 1)
        .replace("</Role>", "</PersistentVMRole>")
}

/// Input endpoints: name, local and public port, set.
pub(crate) fn endpoints(rows: &[(&str, u32, u32, &str)]) -> String {
    let rows: String = rows
        .iter()
        .map(|(name, local, public, set)| {
            let (set, probe) = if set.is_empty() {
                (String::new(), String::new())
            } else {
                let probe =
                    format!("<LoadBalancerProbe><Port>{local}</Port><Protocol>TCP</Protocol></LoadBalancerProbe>");
                (
                    format!("<LoadBalancedEndpointSetName>{set}</LoadBalancedEndpointSetName>"),
                    probe,
                )
            };
            format!(
                "<InputEndpoint>{set}<LocalPort>{local}</LocalPort><Name>{name}</Name><Port>{public}</Port>{probe}\
                 <Protocol>TCP</Protocol></InputEndpoint>"
            )
        })
        .collect();
    format!("<InputEndpoints>{rows}</InputEndpoints>")
}

pub(crate) fn put_role(network: &str) -> String {
    format!(
        "<PersistentVMRole><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>\
         <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>{network}</ConfigurationSet></ConfigurationSets></PersistentVMRole>"
    )
}

pub(crate) fn network(sites: &str) -> String {
    format!(
        "<NetworkConfiguration xmlns=\"http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration\">\
         <VirtualNetworkConfiguration><Dns/><VirtualNetworkSites>{sites}</VirtualNetworkSites></VirtualNetworkConfiguration>\
         </NetworkConfiguration>"
    )
}

/// A virtual network 10.0.0.0/16 with the subnet `s`.
pub(crate) fn site(name: &str, location: &str) -> String {
    format!(
        "<VirtualNetworkSite name=\"{name}\" Location=\"{location}\"><AddressSpace><AddressPrefix>10.0.0.0/16</AddressPrefix>\
         </AddressSpace><Subnets><Subnet name=\"s\"><AddressPrefix>10.0.1.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite>"
    )
}

/// Holds a transcript against its snapshot.
pub(crate) fn snapshot(name: &str, transcript: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/fake-azure"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}

/// Runs rows of (verb, path, body, expected line) in one scene.
pub(crate) fn check(classic: &Classic, rows: &[(&str, String, String, &str)]) {
    for (verb, path, body, expected) in rows {
        assert_eq!(classic.refused(verb, path, body), *expected, "{verb} {path}");
    }
    classic.check();
}

/// One such row.
pub(crate) fn row(
    verb: &'static str,
    path: impl Into<String>,
    body: impl Into<String>,
    expected: &'static str,
) -> (&'static str, String, String, &'static str) {
    (verb, path.into(), body.into(), expected)
}
