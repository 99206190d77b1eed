create temporary table cost_key_staged (
    id uuid not null,
    provider text not null,
    service text not null,
    service_category text not null,
    region text not null,
    sub_account text not null,
    charge_category text not null,
    environment text not null,
    cluster text not null,
    namespace text not null,
    target_kind text not null,
    target_ref text not null,
    rule text,
    resource text,
    tags jsonb not null,
    columns jsonb not null
) on commit drop
