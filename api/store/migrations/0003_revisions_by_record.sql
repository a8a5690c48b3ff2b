-- A record's revisions by its identity: whose a user id was, and what `plumb explain` reads.
create index revisions_of_record_id on revisions (record_id, seq desc);
