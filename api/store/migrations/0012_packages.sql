-- What an account may have only so many of is counted by ties: those of older rows are read anew.
update records set tied_version = null where kind in ('CronJob', 'Database', 'Php', 'Site', 'SshKey');
