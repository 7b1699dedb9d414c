//! Extensions: what publishers offer for machines, and what a hosted service holds for packages (SM 10.4).

use fake_azure_cloud::catalogue::extensions::{self, ExtensionType};
use fake_azure_cloud::classic::{Act, ServiceExtension};
use fake_azure_cloud::fabric::System;

use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/resourceextensions", list).since(20_130_801),
    Route::new("GET", "/services/resourceextensions/{publisher}/{name}", show).since(20_130_801),
    Route::new("GET", "/services/extensions", list_images).since(20_130_301),
    Route::new("GET", "/services/extensions/{publisher}/{name}", show_images).since(20_130_301),
    Route::new("GET", "/services/hostedservices/{service}/extensions", list_own).since(20_130_301),
    Route::new("POST", "/services/hostedservices/{service}/extensions", add).since(20_130_301),
    Route::new("GET", "/services/hostedservices/{service}/extensions/{id}", show_own).since(20_130_301),
    Route::new("DELETE", "/services/hostedservices/{service}/extensions/{id}", delete).since(20_130_301),
];

const EXTENSION: Contract = Contract {
    name: "Extension",
    order: &[
        "ProviderNameSpace",
        "Type",
        "Id",
        "Thumbprint",
        "ThumbprintAlgorithm",
        "PublicConfiguration",
        "PrivateConfiguration",
        "Version",
    ],
    lenient: &[],
};

/// `2.1` of `2.1.3`: the classic API names major and minor version.
fn short(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn write(writer: &mut Writer, publisher: &str, kind: &ExtensionType, version: &str) {
    writer.element("ResourceExtension", |writer| {
        writer.text("Publisher", publisher);
        writer.text("Name", kind.name);
        writer.text("Version", version);
        writer.text("Label", kind.name);
        writer.text("Description", kind.name);
        writer.empty("PublicConfigurationSchema");
        writer.empty("PrivateConfigurationSchema");
        writer.empty("SampleConfig");
        writer.text("ReplicationCompleted", true);
        writer.text("IsJsonExtension", true);
        writer.text("DisallowMajorVersionUpgrade", false);
        writer.text("SupportedOS", System::from(kind.os).as_str());
        writer.text("CompanyName", publisher.split('.').next().unwrap_or(publisher));
    });
}

/// The newest version of each.
fn list(_: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = Writer::root("ResourceExtensions", |writer| {
        for publisher in extensions::PUBLISHERS {
            for kind in publisher.types {
                if let Some(version) = kind.versions.last() {
                    write(writer, publisher.name, kind, &short(version));
                }
            }
        }
    });
    Ok(Answer::ok(body))
}

/// Every version of one; an unknown one has none.
fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let (publisher, name) = (asked.param("publisher"), asked.param("name"));
    let body = Writer::root("ResourceExtensions", |writer| {
        let Some(own) = extensions::find_publisher(publisher) else {
            return;
        };
        for kind in own.types.iter().filter(|kind| kind.name.eq_ignore_ascii_case(name)) {
            for version in kind.versions {
                write(writer, own.name, kind, version);
            }
        }
    });
    Ok(Answer::ok(body))
}

/// An extension that a hosted service can take for its packages.
struct ServiceImage {
    provider: &'static str,
    kind: &'static str,
    description: &'static str,
    /// Oldest first.
    versions: &'static [&'static str],
}

/// Extensions of web and worker roles. The reference has no list; these are the ones that tools of the time offered.
const SERVICE_IMAGES: &[ServiceImage] = &[
    ServiceImage {
        provider: "Microsoft.Azure.Diagnostics",
        kind: "PaaSDiagnostics",
        description: "Diagnostics",
        versions: &["1.0", "1.5"],
    },
    ServiceImage {
        provider: "Microsoft.Windows.Azure.Extensions",
        kind: "ADDomain",
        description: "Domain join",
        versions: &["1.0"],
    },
    ServiceImage {
        provider: "Microsoft.Windows.Azure.Extensions",
        kind: "Diagnostics",
        description: "Diagnostics",
        versions: &["1.0"],
    },
    ServiceImage {
        provider: "Microsoft.Windows.Azure.Extensions",
        kind: "RDP",
        description: "Remote desktop",
        versions: &["1.0", "1.2"],
    },
];

fn write_image(writer: &mut Writer, image: &ServiceImage, version: &str) {
    writer.element("ExtensionImage", |writer| {
        writer.text("ProviderNameSpace", image.provider);
        writer.text("Type", image.kind);
        writer.text("Version", version);
        writer.text("Label", image.kind);
        writer.text("Description", image.description);
        writer.text("HostingResources", "WebRole|WorkerRole");
        writer.text("ThumbprintAlgorithm", "sha1");
        writer.empty("PublicConfigurationSchema");
        writer.empty("PrivateConfigurationSchema");
        writer.empty("SampleConfig");
        writer.text("ReplicationCompleted", true);
        writer.text("IsJsonExtension", false);
        writer.text("CompanyName", "Microsoft");
        writer.text("SupportedOS", "Windows");
    });
}

/// The newest version of each.
fn list_images(_: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = Writer::root("ExtensionImages", |writer| {
        for image in SERVICE_IMAGES {
            if let Some(version) = image.versions.last() {
                write_image(writer, image, version);
            }
        }
    });
    Ok(Answer::ok(body))
}

/// Every version of one; an unknown one has none.
fn show_images(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let (provider, kind) = (asked.param("publisher"), asked.param("name"));
    let mut found = SERVICE_IMAGES
        .iter()
        .filter(|image| image.provider.eq_ignore_ascii_case(provider) && image.kind.eq_ignore_ascii_case(kind));
    let body = Writer::root("ExtensionImages", |writer| {
        for image in found.by_ref() {
            for version in image.versions {
                write_image(writer, image, version);
            }
        }
    });
    Ok(Answer::ok(body))
}

fn write_own(writer: &mut Writer, extension: &ServiceExtension) {
    writer.text("ProviderNameSpace", &extension.provider);
    writer.text("Type", &extension.kind);
    writer.text("Id", &extension.id);
    writer.text("Version", &extension.version);
    writer.optional("Thumbprint", extension.thumbprint.as_deref());
    writer.optional("ThumbprintAlgorithm", extension.thumbprint_algorithm.as_deref());
    writer.optional("PublicConfiguration", extension.public_configuration.as_deref());
}

fn list_own(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let service = cx.hosted_service(asked.key, asked.param("service"))?;
    let body = Writer::root("Extensions", |writer| {
        for extension in &service.extensions {
            writer.element("Extension", |writer| write_own(writer, extension));
        }
    });
    Ok(Answer::ok(body))
}

fn show_own(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let extension = cx
        .hosted_service(asked.key, asked.param("service"))?
        .extension(asked.param("id"))?;
    Ok(Answer::ok(Writer::root("Extension", |writer| {
        write_own(writer, extension)
    })))
}

fn add(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(EXTENSION.name)?;
    let fields = EXTENSION.read(&body);
    let extension = ServiceExtension {
        provider: fields.required("ProviderNameSpace")?,
        kind: fields.required("Type")?,
        id: fields.required("Id")?,
        thumbprint: fields.filled("Thumbprint"),
        thumbprint_algorithm: fields.filled("ThumbprintAlgorithm"),
        public_configuration: fields.filled("PublicConfiguration"),
        version: fields.filled("Version").unwrap_or_else(|| "*".into()),
    };
    let act = Act::AddExtension {
        service: asked.boxed("service"),
        extension: Box::new(extension),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteExtension {
        service: asked.boxed("service"),
        id: asked.boxed("id"),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}
