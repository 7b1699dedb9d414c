//! Route tables on the wire (SM 11.6).

use fake_azure_cloud::classic::{Act, Named, NextHop, Route as TableRoute, RouteTable};

use super::encode::{Regional, read_regional};
use super::error::Failure;
use super::network_security_groups::is_full;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/networking/routetables", list).since(20_140_501),
    Route::new("POST", "/services/networking/routetables", create).since(20_140_501),
    Route::new("GET", "/services/networking/routetables/{table}", show).since(20_140_501),
    Route::new("DELETE", "/services/networking/routetables/{table}", delete).since(20_140_501),
    Route::new(
        "PUT",
        "/services/networking/routetables/{table}/routes/{route}",
        put_route,
    )
    .since(20_140_501),
    Route::new(
        "DELETE",
        "/services/networking/routetables/{table}/routes/{route}",
        delete_route,
    )
    .since(20_140_501),
];

const TABLE: Contract = Contract {
    name: "RouteTable",
    order: &["Name", "Label", "Location"],
    lenient: &[],
};
const ROUTE: Contract = Contract {
    name: "Route",
    order: &["Name", "AddressPrefix", "NextHopType"],
    lenient: &[],
};
const HOP: Contract = Contract {
    name: "NextHopType",
    order: &["Type", "IpAddress"],
    lenient: &[],
};

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let Regional { name, label, location } = read_regional(asked, &TABLE)?;
    let act = Act::CreateRouteTable { name, label, location };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    Ok(Answer::accepted(asked.perform(Act::DeleteRouteTable {
        name: asked.boxed("table"),
    })?))
}

fn put_route(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(ROUTE.name)?;
    let fields = ROUTE.read(&body);
    let hop = HOP.read(fields.get("NextHopType").ok_or_else(|| fields.missing())?);
    let route = TableRoute {
        name: asked.boxed("route"),
        prefix: fields.required("AddressPrefix")?,
        next: NextHop {
            kind: hop.required("Type")?,
            address: hop.filled("IpAddress"),
        },
    };
    Ok(Answer::accepted(asked.perform(Act::PutRoute {
        table: asked.boxed("table"),
        route,
    })?))
}

fn delete_route(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteRoute {
        table: asked.boxed("table"),
        name: asked.boxed("route"),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn write(writer: &mut Writer, table: &RouteTable, full: bool) {
    writer.text("Name", &table.name);
    writer.optional("Label", table.label.as_deref());
    writer.text("Location", &table.location);
    if full {
        writer.element("RouteList", |writer| {
            for route in &table.routes {
                writer.element("Route", |writer| {
                    writer.text("Name", &route.name);
                    writer.text("AddressPrefix", &route.prefix);
                    writer.element("NextHopType", |writer| {
                        writer.text("Type", &route.next.kind);
                        writer.optional("IpAddress", route.next.address.as_deref());
                    });
                });
            }
        });
    }
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("RouteTables", |writer| {
        for (_, table) in cx.classic().route_tables.range(Named::all(asked.key)) {
            writer.element("RouteTable", |writer| write(writer, table, false));
        }
    });
    Ok(Answer::ok(body))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let table = asked.cx().classic_route_table(asked.key, asked.param("table"))?;
    let full = is_full(asked);
    Ok(Answer::ok(Writer::root("RouteTable", |writer| {
        write(writer, table, full)
    })))
}
