//! `CostLine`: a charge, with its FOCUS columns.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    ChargeCategory, CostLineRecord, CostRowKind, DateTime, Decimal, EntityRef, JsonObject, NodeId, Page, PageArgs,
    scope,
};
use serde_json::Value;

use super::{Component, Team};
use crate::{
    connection::{needs_page, plain_connection, shown_count},
    error::{Nullable, OrFieldError, Result},
    loaders::{CostKey, CostLineKey, CostLinesCountKey, CostLinesKey},
    request::RequestData,
};

/// A charge, with its FOCUS columns.
#[derive(Clone)]
pub struct CostLine {
    record: Arc<CostLineRecord>,
}

impl CostLine {
    /// The object of a record.
    pub fn from_row(record: &Arc<CostLineRecord>) -> Self {
        Self { record: Arc::clone(record) }
    }

    /// The charge with this key.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let key = CostLineKey(key.to_owned());
        let found = RequestData::of(ctx).load_one(key).await.or_field_error()?;
        Ok(found.map(|record| Self { record }))
    }

    fn text(&self, column: &str) -> Option<String> {
        self.record.text(column)
    }
}

/// A charge, with its FOCUS columns.
#[Object]
impl CostLine {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("CostLine", &self.record.key).encode())
    }
    /// What kind of charge it is in the report.
    async fn kind(&self) -> CostRowKind {
        self.record.kind
    }
    /// The team that it is counted for.
    async fn team_ref(&self) -> Option<&EntityRef> {
        self.record.team.as_ref()
    }
    /// The same, as a catalog entity.
    async fn team(&self, ctx: &Context<'_>) -> Nullable<Team> {
        let team = self.record.team.as_ref()?;
        // As at the roots: charges are no way around the right to read the catalog.
        if let Err(refusal) = may_read_catalog(ctx, team).await {
            return Some(Err(refusal));
        }
        Team::load(ctx, team).await.transpose()
    }
    /// The component that it is for.
    async fn component_ref(&self) -> Option<&EntityRef> {
        self.record.component.as_ref()
    }
    /// The same, as a catalog entity.
    async fn component(&self, ctx: &Context<'_>) -> Nullable<Component> {
        let component = self.record.component.as_ref()?;
        if let Err(refusal) = may_read_catalog(ctx, component).await {
            return Some(Err(refusal));
        }
        Component::load(ctx, component).await.transpose()
    }
    /// The attribution rule that matched; null when none did.
    async fn rule(&self) -> Option<&str> {
        self.record.rule.as_deref()
    }
    /// In the metric of the report: the part of the charge that counts there. The rest was split off.
    async fn amount(&self) -> &Decimal {
        &self.record.amount
    }
    /// BilledCost.
    async fn billed_cost(&self) -> &Decimal {
        &self.record.billed_cost
    }
    /// EffectiveCost.
    async fn effective_cost(&self) -> &Decimal {
        &self.record.effective_cost
    }
    /// ListCost.
    async fn list_cost(&self) -> &Decimal {
        &self.record.list_cost
    }
    /// ContractedCost.
    async fn contracted_cost(&self) -> &Decimal {
        &self.record.contracted_cost
    }
    /// BillingCurrency, an ISO 4217 code.
    async fn billing_currency(&self) -> &str {
        &self.record.currency
    }
    /// BillingPeriodStart.
    async fn billing_period_start(&self) -> DateTime {
        self.record.period_start
    }
    /// BillingPeriodEnd; not included.
    async fn billing_period_end(&self) -> DateTime {
        self.record.period_end
    }
    /// ChargePeriodStart.
    async fn charge_period_start(&self) -> DateTime {
        self.record.starts_at
    }
    /// ChargePeriodEnd; not included.
    async fn charge_period_end(&self) -> DateTime {
        self.record.ends_at
    }
    /// ChargeCategory.
    async fn charge_category(&self) -> ChargeCategory {
        ChargeCategory::of_str(&self.text("ChargeCategory").unwrap_or_default())
    }
    /// ChargeClass: `Correction`, or null.
    async fn charge_class(&self) -> Option<String> {
        self.text("ChargeClass")
    }
    /// ChargeDescription.
    async fn charge_description(&self) -> Option<String> {
        self.text("ChargeDescription")
    }
    /// ChargeFrequency.
    async fn charge_frequency(&self) -> Option<String> {
        self.text("ChargeFrequency")
    }
    /// InvoiceIssuerName.
    async fn invoice_issuer_name(&self) -> Option<String> {
        self.text("InvoiceIssuerName")
    }
    /// InvoiceId.
    async fn invoice_id(&self) -> Option<String> {
        self.text("InvoiceId")
    }
    /// ServiceProviderName, in older data ProviderName.
    async fn service_provider_name(&self) -> Option<String> {
        self.text("ServiceProviderName").or_else(|| self.text("ProviderName"))
    }
    /// ServiceCategory.
    async fn service_category(&self) -> Option<String> {
        self.text("ServiceCategory")
    }
    /// ServiceName.
    async fn service_name(&self) -> Option<String> {
        self.text("ServiceName")
    }
    /// BillingAccountId.
    async fn billing_account_id(&self) -> Option<String> {
        self.text("BillingAccountId")
    }
    /// SubAccountId.
    async fn sub_account_id(&self) -> Option<String> {
        self.text("SubAccountId")
    }
    /// SubAccountName.
    async fn sub_account_name(&self) -> Option<String> {
        self.text("SubAccountName")
    }
    /// RegionId.
    async fn region_id(&self) -> Option<String> {
        self.text("RegionId")
    }
    /// ResourceId.
    async fn resource_id(&self) -> Option<String> {
        self.text("ResourceId")
    }
    /// ResourceName.
    async fn resource_name(&self) -> Option<String> {
        self.text("ResourceName")
    }
    /// ResourceType.
    async fn resource_type(&self) -> Option<String> {
        self.text("ResourceType")
    }
    /// SkuId.
    async fn sku_id(&self) -> Option<String> {
        self.text("SkuId")
    }
    /// SkuPriceId.
    async fn sku_price_id(&self) -> Option<String> {
        self.text("SkuPriceId")
    }
    /// PricingCategory.
    async fn pricing_category(&self) -> Option<String> {
        self.text("PricingCategory")
    }
    /// PricingQuantity.
    async fn pricing_quantity(&self) -> Option<Decimal> {
        self.record.number("PricingQuantity")
    }
    /// PricingUnit.
    async fn pricing_unit(&self) -> Option<String> {
        self.text("PricingUnit")
    }
    /// ConsumedQuantity.
    async fn consumed_quantity(&self) -> Option<Decimal> {
        self.record.number("ConsumedQuantity")
    }
    /// ConsumedUnit.
    async fn consumed_unit(&self) -> Option<String> {
        self.text("ConsumedUnit")
    }
    /// CommitmentDiscountId.
    async fn commitment_discount_id(&self) -> Option<String> {
        self.text("CommitmentDiscountId")
    }
    /// CommitmentDiscountStatus: `Used`, `Unused` or null.
    async fn commitment_discount_status(&self) -> Option<String> {
        self.text("CommitmentDiscountStatus")
    }
    /// Tags.
    async fn tags(&self) -> JsonObject {
        JsonObject(self.record.tags.clone())
    }
    /// Every column of the row as imported, under its name in the file, `x_` columns included. Numbers are texts.
    async fn columns(&self) -> JsonObject {
        let record = &self.record;
        let mut columns = record.columns.clone();
        for (name, value) in [
            ("BilledCost", record.billed_cost.to_string()),
            ("EffectiveCost", record.effective_cost.to_string()),
            ("ListCost", record.list_cost.to_string()),
            ("ContractedCost", record.contracted_cost.to_string()),
            ("BillingCurrency", record.currency.clone()),
            ("BillingPeriodStart", shown(&record.period_start)),
            ("BillingPeriodEnd", shown(&record.period_end)),
            ("ChargePeriodStart", shown(&record.starts_at)),
            ("ChargePeriodEnd", shown(&record.ends_at)),
        ] {
            columns.insert(name.to_owned(), Value::String(value));
        }
        JsonObject(columns)
    }
}

fn shown(moment: &DateTime) -> String {
    moment.0.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

async fn may_read_catalog(ctx: &Context<'_>, of: &EntityRef) -> Result<()> {
    RequestData::of(ctx).require(scope::CATALOG_READ, "cost.lines", Some(of.as_str().to_owned())).await
}

/// A page of charges.
pub struct CostLineConnection {
    key: CostKey,
    page: Page<Arc<CostLineRecord>>,
}

impl CostLineConnection {
    /// A page of somebody's charges.
    pub async fn load(ctx: &Context<'_>, key: CostKey, page: PageArgs) -> Result<Self> {
        if !needs_page(ctx) {
            return Ok(Self { key, page: Page::default() });
        }
        let asked = CostLinesKey { cost: key.clone(), page };
        let loaded = RequestData::of(ctx).load_one(asked).await.or_field_error()?;
        let found = loaded.transpose().or_field_error()?.unwrap_or_default();
        let Page { rows, has_next, has_previous } = found;
        let rows = rows.into_iter().map(|(cursor, record)| (cursor, Arc::new(record))).collect();
        Ok(Self { key, page: Page { rows, has_next, has_previous } })
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let key = CostLinesCountKey(self.key.clone());
        let loaded = RequestData::of(ctx).load_one(key).await.or_field_error()?;
        Ok(loaded.transpose().or_field_error()?.flatten().map(shown_count))
    }
}

plain_connection!(CostLineConnection, CostLineEdge, CostLine, "A page of charges.", "An item of a page of charges.");
