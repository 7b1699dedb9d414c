//! The provider through its public door, against doubles of a transport.

mod addresses;
mod adoption;
mod classic;
mod classic_failures;
mod classic_setup;
mod classic_shelf;
mod classic_sweep;
mod encryption;
mod failures;
mod generations;
mod generations_places;
mod generations_sweep;
mod http;
mod polling;
mod requests;
mod sequences;
mod setup;
mod shelf;
mod sweep;
mod volumes;
mod volumes_sweep;
