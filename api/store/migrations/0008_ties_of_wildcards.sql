-- A site's ties say more than before: a wildcard meets the names that it covers. Those of older rows are read anew.
update records set tied_version = null where kind = 'Site';
