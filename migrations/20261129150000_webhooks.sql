create table webhook_delivery (
    id uuid primary key,
    source text collate "C" not null check (source in ('gitlab', 'awx', 'terraform', 'azure')),
    dedup_key text collate "C" not null check (length(dedup_key) between 1 and 300),
    object_key text collate "C" not null check (length(object_key) between 1 and 600),
    kind text collate "C" not null check (length(kind) between 1 and 64),
    hint jsonb not null,
    received_at timestamptz not null,
    state text collate "C" not null default 'pending' check (state in ('pending', 'done', 'quarantined')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    claimed_by uuid,
    claimed_until timestamptz,
    settled_at timestamptz,
    last_error text
);
create unique index webhook_delivery_key on webhook_delivery (source, dedup_key);
create index webhook_delivery_pending on webhook_delivery (next_attempt_at) where state = 'pending';
create index webhook_delivery_object on webhook_delivery (source, object_key) where state = 'pending';
create index webhook_delivery_done on webhook_delivery (settled_at) where state = 'done';
create index webhook_delivery_quarantined on webhook_delivery (settled_at) where state = 'quarantined';
comment on table webhook_delivery is 'What senders of webhooks told, stored before they are answered, and what became of it.';
comment on column webhook_delivery.dedup_key is 'What a sender repeats when it sends a delivery again.';
comment on column webhook_delivery.object_key is 'What is read anew because of it; one at a time, whatever is told of it.';
comment on column webhook_delivery.hint is 'The names of the object and nothing else of the payload: how it stands is asked of its source.';
comment on column webhook_delivery.attempts is 'Counted when an attempt begins: one that ends the gateway counts too.';
comment on column webhook_delivery.claimed_until is 'Until then one replica works on it; one that dies leaves it to the others.';
comment on column webhook_delivery.settled_at is 'When it was done or given up; done ones stay so long as a sender may repeat them.';
