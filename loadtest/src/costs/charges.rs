//! Exports as clouds write them, a file for each month, made up from counters alone: the same in every run.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use chrono::{Datelike, Days, Months, NaiveDate};

pub(super) const COMPONENTS: usize = 1_000;
pub(super) const TEAMS: usize = 60;
pub(super) const MONTHS: u32 = 24;

const SERVICES: [(&str, &str); 12] = [
    ("Virtual Machines", "Compute"),
    ("Kubernetes Service", "Compute"),
    ("Storage", "Storage"),
    ("Database for PostgreSQL", "Databases"),
    ("Cache for Redis", "Databases"),
    ("Load Balancer", "Networking"),
    ("Bandwidth", "Networking"),
    ("Key Vault", "Security"),
    ("Monitor", "Management and Governance"),
    ("Event Hubs", "Integration"),
    ("Functions", "Compute"),
    ("Container Registry", "Developer Tools"),
];

/// Services of each component.
const SERVICES_EACH: usize = 3;

const HEADER: &str = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
    ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,ConsumedQuantity,\
    ConsumedUnit,ContractedCost,ContractedUnitPrice,EffectiveCost,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,\
    PricingQuantity,PricingUnit,ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceName,ResourceType,\
    ServiceCategory,ServiceName,SkuId,SkuPriceId,SubAccountId,SubAccountName,Tags";

/// First day of the first month: so many whole months before this one.
pub(super) fn first_month(today: NaiveDate) -> NaiveDate {
    let month = today.with_day(1).unwrap_or(today);
    month.checked_sub_months(Months::new(MONTHS)).unwrap_or(month)
}

/// Writes the export of a month with about `rows` charges; how many there are.
pub(super) fn write(path: &Path, month: NaiveDate, rows: usize) -> std::io::Result<usize> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(file, "{HEADER}")?;
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let days = usize::try_from((next - month).num_days()).unwrap_or(30);
    // Every component and service on as many days as there are rows for; resources of the same take turns.
    let mut written = 0;
    let each_day = rows.div_ceil(days);
    for day in 0..days {
        let date = month + Days::new(u64::try_from(day).unwrap_or(0));
        let tomorrow = date + Days::new(1);
        for number in 0..each_day.min(rows - written) {
            let serial = day * each_day + number;
            let component = serial % COMPONENTS;
            let resource = serial / COMPONENTS % 5;
            let turn = (component + (serial / COMPONENTS) % SERVICES_EACH * 5) % SERVICES.len();
            let (service, category) = SERVICES.get(turn).copied().unwrap_or(("Other", "Other"));
            let quantity = 1 + serial % 24;
            let cents = 1 + serial * 7_919 % 9_973;
            let subscription = component % 20;
            let region = if component.is_multiple_of(2) { "westeurope" } else { "northeurope" };
            writeln!(
                file,
                "{whole}.{cents:06},acct-1,Example Ltd,EUR,{next}T00:00:00Z,{month}T00:00:00Z,Usage,,{service} in {region} by the hour,\
                 Usage-Based,{tomorrow}T00:00:00Z,{date}T00:00:00Z,{quantity},Hours,{whole}.{cents:06},0.0125,{whole}.{cents:06},\
                 Example Cloud,{list}.{cents:06},0.0150,Standard,{quantity},1 Hour,Example Cloud,Example Cloud,{region},{region},\
                 /subscriptions/sub-{subscription}/resourceGroups/rg-{component:05}/providers/x/{service}/r-{resource},r-{resource},\
                 {service},{category},{service},sku-{service},price-{service},sub-{subscription},Subscription {subscription},\
                 \"{{\"\"component\"\":\"\"project-{component:05}\"\",\"\"env\"\":\"\"{environment}\"\"}}\"",
                whole = serial % 13,
                list = serial % 13 + 1,
                environment = if component.is_multiple_of(3) { "production" } else { "staging" },
            )?;
            written += 1;
        }
    }
    file.flush()?;
    Ok(written)
}
