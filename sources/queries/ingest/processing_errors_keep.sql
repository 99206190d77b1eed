-- processing_errors_keep
delete from processing_error
where location_id = $1
    and fingerprint <> all($2)
