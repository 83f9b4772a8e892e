-- Whether an update is one of security is what each host's own package manager says: one host's word must not
-- widen what "all security updates" orders on another. The catalogue's column stays for what lists count.
ALTER TABLE host_patch ADD COLUMN security INTEGER NOT NULL DEFAULT 0;
UPDATE host_patch SET security = (SELECT y.security FROM patch y WHERE y.id = host_patch.patch);
