//! Images of SQL Server, as recorded (southeastasia 2017-06).
//!
//! SKUs whose versions were withdrawn have none, which Azure answers with an empty array.

use super::{Publisher, linux, offer, sku, windows};

#[rustfmt::skip]
pub(crate) static MICROSOFTSQLSERVER: Publisher = Publisher {
    name: "MicrosoftSQLServer",
    offers: &[
        offer("SQL2008R2SP3-WS2008R2SP1", &[
            sku("Enterprise", windows(127), &[]),
            sku("Standard", windows(127), &[]),
            sku("Web", windows(127), &[]),
        ]),
        offer("SQL2008R2SP3-WS2012", &[
            sku("Express", windows(127), &[]),
        ]),
        offer("SQL2008SP3-WS2012R2", &[
            sku("Express", windows(127), &[]),
        ]),
        offer("SQL2012SP2-WS2012", &[
            sku("Enterprise", windows(127), &[]),
            sku("Enterprise-Optimized-for-DW", windows(127), &[]),
            sku("Enterprise-Optimized-for-OLTP", windows(127), &[]),
            sku("Express", windows(127), &[]),
            sku("Standard", windows(127), &[]),
        ]),
        offer("SQL2012SP2-WS2012R2", &[
            sku("Enterprise", windows(127), &[]),
            sku("Enterprise-Optimized-for-DW", windows(127), &[]),
            sku("Enterprise-Optimized-for-OLTP", windows(127), &[]),
            sku("Standard", windows(127), &[]),
            sku("Web", windows(127), &[]),
        ]),
        offer("SQL2012SP3-WS2012R2", &[
            sku("Enterprise", windows(127), &["11.1.65235", "11.5.65235"]),
            sku("Express", windows(127), &["11.1.65235", "11.5.65235"]),
            sku("Standard", windows(127), &["11.1.65236", "11.5.65236"]),
            sku("Web", windows(127), &["11.1.65235", "12.5.50000"]),
        ]),
        offer("SQL2012SP3-WS2012R2-BYOL", &[
            sku("Enterprise", windows(127), &["11.0.65235", "11.3.65235", "11.7.65235"]),
            sku("Standard", windows(127), &["11.0.652379", "11.3.65236", "11.7.65236"]),
        ]),
        offer("SQL2014-WS2012R2", &[
            sku("Enterprise", windows(127), &[]),
            sku("Enterprise-Optimized-for-DW", windows(127), &[]),
            sku("Enterprise-Optimized-for-OLTP", windows(127), &[]),
            sku("Standard", windows(127), &[]),
            sku("Web", windows(127), &[]),
        ]),
        offer("SQL2014SP1-WS2012R2", &[
            sku("Enterprise", windows(127), &[]),
            sku("Enterprise-Optimized-for-DW", windows(127), &[]),
            sku("Enterprise-Optimized-for-OLTP", windows(127), &[]),
            sku("Express", windows(127), &[]),
            sku("Standard", windows(127), &[]),
            sku("Web", windows(127), &[]),
        ]),
        offer("SQL2014SP1-WS2012R2-BYOL", &[
            sku("Enterprise", windows(127), &["12.0.44499"]),
            sku("Standard", windows(127), &["12.0.444999"]),
        ]),
        offer("SQL2014SP2-WS2012R2", &[
            sku("Enterprise", windows(127), &["12.1.50002", "12.9.50001"]),
            sku("Express", windows(127), &["12.1.50001", "12.9.50001"]),
            sku("Standard", windows(127), &["12.2.50001", "12.9.50001"]),
            sku("Web", windows(127), &["12.1.50000", "12.9.50001"]),
        ]),
        offer("SQL2014SP2-WS2012R2-BYOL", &[
            sku("Enterprise", windows(127), &["12.0.50000", "12.9.50005"]),
            sku("Standard", windows(127), &["12.0.50000", "12.2.50005", "12.7.50005"]),
        ]),
        offer("SQL2016-WS2012R2", &[
            sku("Enterprise", windows(127), &["13.0.31640", "13.5.31640"]),
            sku("Express", windows(127), &[]),
            sku("SQLDEV", windows(127), &["13.0.31640", "13.5.31640"]),
            sku("Standard", windows(127), &[]),
            sku("Web", windows(127), &[]),
        ]),
        offer("SQL2016-WS2012R2-BYOL", &[
            sku("Enterprise", windows(127), &["13.0.16021", "13.0.21640"]),
            sku("Standard", windows(127), &["13.0.16020", "13.0.21640"]),
        ]),
        offer("SQL2016-WS2016", &[
            sku("Enterprise", windows(127), &["13.0.21640"]),
            sku("SQLDEV", windows(127), &["13.0.21640"]),
            sku("Standard", windows(127), &["13.0.21640"]),
            sku("Web", windows(127), &["13.0.21640"]),
        ]),
        offer("SQL2016-WS2016-BYOL", &[
            sku("Enterprise", windows(127), &["13.0.21640"]),
            sku("Standard", windows(127), &["13.0.21640"]),
        ]),
        offer("SQL2016CTP3.2-WS2012R2", &[
            sku("Evaluation", windows(127), &["13.0.900"]),
        ]),
        offer("SQL2016SP1-WS2016", &[
            sku("Enterprise", windows(127), &["13.0.400110"]),
            sku("Express", windows(127), &["13.0.400111"]),
            sku("SQLDEV", windows(127), &["13.0.400111"]),
            sku("Standard", windows(127), &["13.0.400110"]),
            sku("Web", windows(127), &["13.0.400110"]),
        ]),
        offer("SQL2016SP1-WS2016-BYOL", &[
            sku("Enterprise", windows(127), &["13.0.400110"]),
            sku("Standard", windows(127), &["13.0.400110"]),
        ]),
        offer("SQL2017-RHEL73", &[
            sku("Evaluation", linux(30), &["2.0.0"]),
        ]),
        offer("SQLvNextRHEL", &[
            sku("Evaluation", linux(30), &["1.2.2", "1.2.3"]),
        ]),
    ],
};
