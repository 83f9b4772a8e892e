-- Half of what storing a finding cost was this trigger, twice looking for the host's other findings and once writing the
-- vulnerability for each row. finding_insert_all(), the only place that adds findings, does it once for each
-- vulnerability of a host. What goes is still counted by finding_gone, also when a host is forgotten.
DROP TRIGGER finding_added;
