//! Eighteen months of charges for the estate, as exports of a made-up cloud: one of all months that are over, and one of the current
//! month. Nothing is random: the first says the same at each start, the second a day more each day, as real exports do.

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::{Datelike, Days, Months, NaiveDate};
use gateway::{commands::cost_import, config::Config};
use sources::{cost::Export, ingest::CostOutcome, postgres::Database};

use crate::estate::{Estate, OTHER_TENANT};

/// Months before the current one.
const MONTHS: u32 = 18;

const HEADER: &str = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,BillingPeriodStart,\
    BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeDescription,ChargeFrequency,InvoiceIssuerName,\
    InvoiceId,ProviderName,ServiceName,ServiceCategory,RegionId,SubAccountId,SubAccountName,ResourceId,ResourceName,\
    ResourceType,ConsumedQuantity,ConsumedUnit,Tags";

/// What a component runs on, by its number: service, category, type of resource, and what a day costs in hundredths.
const SERVICES: [(&str, &str, &str, u64); 6] = [
    ("Kubernetes Service", "Compute", "cluster nodes", 1_840),
    ("Virtual Machines", "Compute", "virtual machine", 2_260),
    ("Database for PostgreSQL", "Databases", "database", 1_410),
    ("Storage", "Storage", "storage account", 320),
    ("Cache for Redis", "Databases", "cache", 560),
    ("Functions", "Compute", "function app", 90),
];

/// A charge of a day.
struct Charge<'a> {
    day: NaiveDate,
    hundredths: u64,
    service: &'a str,
    category: &'a str,
    kind: &'a str,
    resource: &'a str,
    tags: String,
}

/// Writes the exports of a tenant; their folders.
pub fn write(folder: &Path, estate: &Estate, tenant: &str, today: NaiveDate) -> anyhow::Result<Vec<PathBuf>> {
    let components: Vec<&str> = estate
        .entities(tenant)
        .filter(|entity| entity.kind == "Component")
        .map(|entity| entity.name.as_str())
        .collect();
    let this_month = today.with_day(1).unwrap_or(today);
    let folders = [folder.join("closed"), folder.join("open")];
    for folder in &folders {
        // Of a month before.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
    }
    let [closed, open] = &folders;
    for back in (0..=MONTHS).rev() {
        let month = this_month.checked_sub_months(Months::new(back)).context("no such month")?;
        let next = month.checked_add_months(Months::new(1)).context("no such month")?;
        let export = if back == 0 { open } else { closed };
        let mut file = BufWriter::new(fs::File::create(export.join(month.format("%Y-%m.csv").to_string()))?);
        writeln!(file, "{HEADER}")?;
        // The last day is not over, and its charges are not known.
        for day in month.iter_days().take_while(|day| *day < next.min(today)) {
            for (number, component) in components.iter().enumerate() {
                write_component(&mut file, tenant, month, day, number, component)?;
            }
            write_others(&mut file, tenant, month, day)?;
        }
        file.flush()?;
    }
    Ok(folders.to_vec())
}

fn write_component(
    file: &mut impl Write,
    tenant: &str,
    month: NaiveDate,
    day: NaiveDate,
    number: usize,
    component: &str,
) -> anyhow::Result<()> {
    let noise = noise(number, day);
    for turn in 0..=number % 2 {
        let Some((service, category, kind, base)) = SERVICES.get((number + turn * 2) % SERVICES.len()) else {
            continue;
        };
        // It grows by some percent a year, less is done on weekends, and no day is like the other.
        let months = u64::try_from((day.year() - 2024) * 12).unwrap_or(0) + u64::from(day.month());
        let weekend = if day.weekday().num_days_from_monday() >= 5 { 78 } else { 100 };
        let hundredths = base * (80 + months) / 100 * weekend / 100 * (90 + noise % 20) / 100;
        // Not everybody tags everything.
        let is_tagged = !number.is_multiple_of(17) || turn == 0;
        let environment = if turn == 0 { "production" } else { "staging" };
        let tags = if is_tagged {
            format!("{{\"component\": \"{component}\", \"environment\": \"{environment}\"}}")
        } else {
            format!("{{\"environment\": \"{environment}\"}}")
        };
        let resource = format!("{component}-{}", kind.replace(' ', "-"));
        let charge = Charge { day, hundredths, service, category, kind, resource: &resource, tags };
        write_charge(file, tenant, month, &charge)?;
    }
    Ok(())
}

/// What several teams share, and what nobody owns up to.
fn write_others(file: &mut impl Write, tenant: &str, month: NaiveDate, day: NaiveDate) -> anyhow::Result<()> {
    let noise = noise(997, day);
    let shared = "{\"shared\": \"true\"}".to_owned();
    for (service, category, kind, resource, hundredths, tags) in [
        ("Bandwidth", "Networking", "gateway", "egress", 5_200 + noise % 900, shared.clone()),
        ("Monitor", "Management and Governance", "workspace", "logs", 3_100 + noise % 400, shared),
        ("Virtual Machines", "Compute", "virtual machine", "old-jumphost", 410 + noise % 9, "{}".to_owned()),
    ] {
        write_charge(file, tenant, month, &Charge { day, hundredths, service, category, kind, resource, tags })?;
    }
    Ok(())
}

fn write_charge(file: &mut impl Write, tenant: &str, month: NaiveDate, charge: &Charge<'_>) -> anyhow::Result<()> {
    let Charge { day, hundredths, service, category, kind, resource, tags } = charge;
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let tomorrow = *day + Days::new(1);
    let amount = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let (cost, list) = (amount(*hundredths), amount(hundredths * 115 / 100));
    let (currency, cloud) = if tenant == OTHER_TENANT { ("USD", "Harbor Cloud") } else { ("EUR", "Tidewater Cloud") };
    let tags = tags.replace('"', "\"\"");
    writeln!(
        file,
        "{cost},{cost},{list},{cost},{currency},{tenant}-main,{month}T00:00:00Z,{next}T00:00:00Z,{day}T00:00:00Z,\
         {tomorrow}T00:00:00Z,Usage,{service} by the hour,Usage-Based,{cloud},,{cloud},{service},{category},westeurope,\
         {tenant}-platform,Platform of {tenant},/{tenant}/{resource},{resource},{kind},24,Hours,\"{tags}\""
    )?;
    Ok(())
}

/// The same number for the same thing and day, and no pattern to the eye.
fn noise(number: usize, day: NaiveDate) -> u64 {
    let mut state = u64::try_from(day.num_days_from_ce()).unwrap_or(0) * 6_364_136_223
        + u64::try_from(number).unwrap_or(0) * 1_442_695;
    state ^= state >> 13;
    state = state.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state >> 33
}

/// Takes the exports of a tenant over; how many charges are new.
pub async fn import(database: &Database, config: &Config, tenant: &str, folders: &[PathBuf]) -> anyhow::Result<u64> {
    let mut charges = 0;
    for folder in folders {
        for export in Export::find(folder)? {
            let import = cost_import(config, tenant, &|_| {});
            match database.import_costs(&import, &export).await.map_err(|error| anyhow::anyhow!("{}", error.chain()))? {
                CostOutcome::Done(report) => charges += report.rows,
                CostOutcome::Known { .. } => {}
                CostOutcome::Refused { told, .. } => anyhow::bail!("{}: {told:?}", folder.display()),
            }
        }
    }
    Ok(charges)
}
