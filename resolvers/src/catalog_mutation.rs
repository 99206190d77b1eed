//! Changes of the catalog.

use async_graphql::{Context, Object, SimpleObject};
use schema::{
    EntityRef, LocationType, RefreshEntityInput, RegisterLocationInput, RemoveEntityInput, UnregisterLocationInput,
    UserError, UserErrorCode, scope,
};

use crate::{
    error::{Nullable, OrFieldError, Result, bad_input},
    loaders::IdKey,
    objects::{Entity, Location},
    request::RequestData,
};

/// Longest target of a location, in bytes.
const TARGET_BYTES_MAX: usize = 2_000;

/// The fields of `Mutation` that change the catalog.
#[derive(Default)]
pub struct CatalogMutation;

/// What became of `registerLocation`.
#[derive(SimpleObject)]
pub struct RegisterLocationPayload {
    /// The location; its entities follow when it has been read.
    location: Option<Location>,
    /// What the caller can mend. When there is any, nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of `unregisterLocation`.
#[derive(SimpleObject)]
pub struct UnregisterLocationPayload {
    /// The location as it last was.
    location: Option<Location>,
    /// What the caller can mend. When there is any, nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of `refreshEntity`.
#[derive(SimpleObject)]
pub struct RefreshEntityPayload {
    /// The entity as it is before the refresh.
    entity: Option<Entity>,
    /// What the caller can mend. When there is any, nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of `removeEntity`.
#[derive(SimpleObject)]
pub struct RemoveEntityPayload {
    /// The entity as it last was.
    entity: Option<Entity>,
    /// What the caller can mend. When there is any, nothing was changed.
    user_errors: Vec<UserError>,
}

#[Object]
impl CatalogMutation {
    /// Reads entities from a catalog file, now and whenever it changes. Needs the scope `catalog:write`.
    async fn register_location(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: RegisterLocationInput,
    ) -> Nullable<RegisterLocationPayload> {
        Some(Box::pin(register(ctx, input)).await)
    }

    /// Stops reading a location; its entities become orphans. Needs the scope `catalog:write`.
    async fn unregister_location(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to unregister.")] input: UnregisterLocationInput,
    ) -> Nullable<UnregisterLocationPayload> {
        Some(Box::pin(unregister(ctx, input)).await)
    }

    /// Reads an entity's location again, soon. Needs the scope `catalog:write`.
    async fn refresh_entity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to refresh.")] input: RefreshEntityInput,
    ) -> Nullable<RefreshEntityPayload> {
        Some(Box::pin(refresh(ctx, input)).await)
    }

    /// Removes an entity. It returns if a registered location still declares it. Needs the scope `catalog:write`.
    async fn remove_entity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to remove.")] input: RemoveEntityInput,
    ) -> Nullable<RemoveEntityPayload> {
        Some(Box::pin(remove(ctx, input)).await)
    }
}

async fn register(ctx: &Context<'_>, input: RegisterLocationInput) -> Result<RegisterLocationPayload> {
    let request = RequestData::of(ctx);
    let target = input.target.trim().to_owned();
    let shown: String = target.chars().take(200).collect();
    request.require(scope::CATALOG_WRITE, "registerLocation", Some(shown.clone())).await?;
    let entry = request.audit_entry("registerLocation", Some(shown));
    let is_sound = target.len() <= TARGET_BYTES_MAX && !target.contains(char::is_control);
    let checked = match (is_sound, input.location_type) {
        (false, _) => {
            Err(format!("the target must be at most {TARGET_BYTES_MAX} bytes of text without control characters"))
        }
        (true, LocationType::Url) => request.locations().reader.check_url(&target).map(String::from),
        (true, LocationType::File) => {
            request.locations().reader.check_file(&target).map(|path| path.to_string_lossy().into_owned())
        }
    };
    let database = request.sources().database();
    let target = match checked {
        Ok(target) => target,
        Err(message) => {
            let refused = schema::AuditEntry { denied: Some("INVALID"), ..entry };
            database.audit_append(&request.visibility().tenant, &refused).await.or_field_error()?;
            let refusal = UserError::of_input("target", UserErrorCode::Invalid, message);
            return Ok(RegisterLocationPayload { location: None, user_errors: vec![refusal] });
        }
    };
    let max = request.locations().registered_max;
    let written = database.location_register(request.visibility(), input.location_type, &target, max, &entry).await;
    match written.or_field_error()? {
        Ok(entity_ref) => {
            forget_loaded(request);
            request.locations().changed.notify_one();
            let location = Location::load(ctx, &entity_ref).await?;
            Ok(RegisterLocationPayload { location, user_errors: Vec::new() })
        }
        Err(refusal) => Ok(RegisterLocationPayload { location: None, user_errors: vec![refusal] }),
    }
}

async fn unregister(ctx: &Context<'_>, input: UnregisterLocationInput) -> Result<UnregisterLocationPayload> {
    let entity_ref = input.entity_ref.or_kind("location");
    let request = RequestData::of(ctx);
    request.require(scope::CATALOG_WRITE, "unregisterLocation", Some(entity_ref.to_string())).await?;
    let entry = request.audit_entry("unregisterLocation", Some(entity_ref.to_string()));
    let location = Location::load(ctx, &entity_ref).await?;
    let written = request.sources().database().location_unregister(request.visibility(), &entity_ref, &entry).await;
    let user_errors = settled(request, written.or_field_error()?);
    Ok(UnregisterLocationPayload { location: location.filter(|_| user_errors.is_empty()), user_errors })
}

async fn refresh(ctx: &Context<'_>, input: RefreshEntityInput) -> Result<RefreshEntityPayload> {
    let (request, entity_ref, entry) = entity_write(ctx, "refreshEntity", &input.entity_ref).await?;
    let entity = Entity::load(ctx, &entity_ref).await?;
    let written = request.sources().database().entity_refresh(request.visibility(), &entity_ref, &entry).await;
    let user_errors = settled(request, written.or_field_error()?);
    request.locations().changed.notify_one();
    Ok(RefreshEntityPayload { entity: entity.filter(|_| user_errors.is_empty()), user_errors })
}

async fn remove(ctx: &Context<'_>, input: RemoveEntityInput) -> Result<RemoveEntityPayload> {
    let (request, entity_ref, entry) = entity_write(ctx, "removeEntity", &input.entity_ref).await?;
    let entity = Entity::load(ctx, &entity_ref).await?;
    let written = request.sources().database().entity_remove(request.visibility(), &entity_ref, &entry).await;
    let user_errors = settled(request, written.or_field_error()?);
    Ok(RemoveEntityPayload { entity: entity.filter(|_| user_errors.is_empty()), user_errors })
}

/// What every write to one entity begins with.
async fn entity_write<'a>(
    ctx: &Context<'a>,
    action: &str,
    entity_ref: &EntityRef,
) -> Result<(&'a RequestData, EntityRef, schema::AuditEntry)> {
    let request = RequestData::of(ctx);
    request.require(scope::CATALOG_WRITE, action, Some(entity_ref.to_string())).await?;
    let entity_ref = entity_ref.whole().map_err(|error| bad_input(error.to_string()))?;
    let entry = request.audit_entry(action, Some(entity_ref.to_string()));
    Ok((request, entity_ref, entry))
}

fn settled(request: &RequestData, written: std::result::Result<(), UserError>) -> Vec<UserError> {
    forget_loaded(request);
    written.err().into_iter().collect()
}

/// What the request has loaded may have changed: a later mutation of the same operation must not see it.
fn forget_loaded(request: &RequestData) {
    request.references().forget();
    request.loaders().clear::<IdKey>();
}
