-- location_move
-- What it declares moves with it; where something is known under the new address already, that stays.
with moved as (
    update location set target = $3
    where tenant = $1
        and type = 'gitlab'
        and target = $2
        and not exists (select from location where tenant = $1 and type = 'gitlab' and target = $3)
    returning id
), entities as (
    update entity set target = $3
    where tenant = $1 and location_id = (select id from moved)
)
update processing_error set target = $3
where tenant = $1 and location_id = (select id from moved)
