//! Certificates: of the subscription (SM 4.4) and of a hosted service (SM 5.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::classic::{Act, ManagementCertificate, ServiceCertificate, forms};

use super::access::thumbprint;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/certificates", list_own),
    Route::new("POST", "/certificates", add_own),
    Route::new("GET", "/certificates/{thumbprint}", show_own),
    Route::new("DELETE", "/certificates/{thumbprint}", delete_own),
    Route::new("GET", "/services/hostedservices/{service}/certificates", list),
    Route::new("POST", "/services/hostedservices/{service}/certificates", add),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/certificates/{thumbprint}",
        show,
    ),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/certificates/{thumbprint}",
        delete,
    ),
];

const OWN: Contract = Contract {
    name: "SubscriptionCertificate",
    order: &[
        "SubscriptionCertificatePublicKey",
        "SubscriptionCertificateThumbprint",
        "SubscriptionCertificateData",
    ],
    lenient: &[],
};
const FILE: Contract = Contract {
    name: "CertificateFile",
    order: &["Data", "CertificateFormat", "Password"],
    lenient: &[],
};

fn add_own(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(OWN.name)?;
    let fields = OWN.read(&body);
    let data = fields.required("SubscriptionCertificateData")?;
    let der = STANDARD
        .decode(data.as_bytes())
        .map_err(|_| Failure::of(&forms::PARAMETER))?;
    let said = fields.required("SubscriptionCertificateThumbprint")?;
    let real = thumbprint(&der);
    if der.is_empty() || !said.eq_ignore_ascii_case(&real) {
        return Err(Failure::of(&forms::PARAMETER));
    }
    let certificate = ManagementCertificate {
        thumbprint: real.clone().into(),
        public_key: fields.or_empty("SubscriptionCertificatePublicKey"),
        data,
        created: asked.sandbox.cloud.now(),
    };
    let location = format!(
        "{}/subscriptions/{}/certificates/{real}",
        asked.base, asked.subscription
    );
    Ok(Answer::created(
        asked.perform(Act::AddManagementCertificate(certificate))?,
        location,
    ))
}

fn write_own(writer: &mut Writer, certificate: &ManagementCertificate) {
    writer.text("SubscriptionCertificatePublicKey", &certificate.public_key);
    writer.text("SubscriptionCertificateThumbprint", &certificate.thumbprint);
    writer.text("SubscriptionCertificateData", &certificate.data);
    writer.text("Created", certificate.created);
}

fn list_own(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("SubscriptionCertificates", |writer| {
        for certificate in cx.management_certificates(asked.key) {
            writer.element("SubscriptionCertificate", |writer| write_own(writer, certificate));
        }
    });
    Ok(Answer::ok(body))
}

fn show_own(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let certificate = cx.management_certificate(asked.key, asked.param("thumbprint"))?;
    Ok(Answer::ok(Writer::root("SubscriptionCertificate", |writer| {
        write_own(writer, certificate)
    })))
}

fn delete_own(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let thumbprint = asked.boxed("thumbprint");
    Ok(Answer::done(
        asked.perform(Act::DeleteManagementCertificate { thumbprint })?,
    ))
}

fn add(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(FILE.name)?;
    let fields = FILE.read(&body);
    let data = fields.required("Data")?;
    let format = fields.required("CertificateFormat")?;
    let bytes = STANDARD
        .decode(data.as_bytes())
        .map_err(|_| Failure::of(&forms::PARAMETER))?;
    let opaque = match format.to_ascii_lowercase().as_str() {
        "cer" => false,
        // What is in an encrypted container cannot be seen without its keys; its own print stands for it.
        "pfx" => true,
        _ => return Err(Failure::of(&forms::PARAMETER)),
    };
    if bytes.is_empty() {
        return Err(Failure::of(&forms::PARAMETER));
    }
    let certificate = ServiceCertificate {
        thumbprint: thumbprint(&bytes).into(),
        data,
        opaque,
    };
    let service = asked.boxed("service");
    Ok(Answer::accepted(
        asked.perform(Act::AddServiceCertificate { service, certificate })?,
    ))
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let service = cx.hosted_service(asked.key, asked.param("service"))?;
    let body = Writer::root("Certificates", |writer| {
        for certificate in &service.certificates {
            let path = format!(
                "/services/hostedservices/{}/certificates/sha1-{}",
                service.name, certificate.thumbprint
            );
            writer.element("Certificate", |writer| {
                writer.text("CertificateUrl", asked.url(&path));
                writer.text("Thumbprint", &certificate.thumbprint);
                writer.text("ThumbprintAlgorithm", "sha1");
                writer.text("Data", &certificate.data);
            });
        }
    });
    Ok(Answer::ok(body))
}

/// `sha1-{THUMBPRINT}`.
fn print_of(asked: &Asked<'_>) -> Result<Box<str>, Failure> {
    let text = asked.param("thumbprint");
    let found = text
        .split_once('-')
        .filter(|(algorithm, _)| algorithm.eq_ignore_ascii_case("sha1"));
    found
        .map(|(_, print)| print.into())
        .ok_or_else(|| Failure::of(&forms::CERTIFICATE_NOT_FOUND))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let service = cx.hosted_service(asked.key, asked.param("service"))?;
    let certificate = service.certificate(&print_of(asked)?)?;
    Ok(Answer::ok(Writer::root("Certificate", |writer| {
        writer.text("Data", &certificate.data)
    })))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    asked.cx().hosted_service(asked.key, asked.param("service"))?;
    let (service, thumbprint) = (asked.boxed("service"), print_of(asked)?);
    Ok(Answer::accepted(
        asked.perform(Act::DeleteServiceCertificate { service, thumbprint })?,
    ))
}
