/**
 * A stand-in for Citus in a plain PostgreSQL: the functions that Affidavit calls, with the rules
 * that Citus holds them to (citusdata/citus, src/backend/distributed/commands/
 * create_distributed_table.c and trigger.c). It moves nothing; it notes what was asked for, and
 * refuses what Citus refuses.
 */
import type { TestServer } from './server.ts';

const INSTALL = `
SET allow_system_table_mods = on;
INSERT INTO pg_catalog.pg_extension
  (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  VALUES (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '12.1-1');
CREATE TABLE pg_catalog.pg_dist_partition (
  logicalrelid regclass PRIMARY KEY, partmethod "char", partkey text, colocationid integer,
  truncated boolean DEFAULT false
);
CREATE TABLE pg_catalog.fake_workers (
  nodename text, nodeport integer, alive boolean, settings text
);
GRANT SELECT ON pg_catalog.pg_dist_partition, pg_catalog.fake_workers TO PUBLIC;
INSERT INTO pg_catalog.fake_workers VALUES ('worker-1', 5432, true, 'on on on'),
  ('worker-2', 5432, true, 'on on on');

CREATE FUNCTION pg_catalog.run_command_on_workers(command text)
RETURNS TABLE (nodename text, nodeport integer, success boolean, result text) LANGUAGE sql AS
$$ SELECT nodename, nodeport, alive, settings FROM pg_catalog.fake_workers
   WHERE command LIKE 'SELECT current_setting(%' $$;

CREATE FUNCTION pg_catalog.fake_refusals(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = name) THEN
    RAISE EXCEPTION 'table "%" is already distributed', name;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = name AND NOT tgisinternal)
    AND coalesce(current_setting('citus.enable_unsafe_triggers', true), 'off') <> 'on' THEN
    RAISE EXCEPTION 'cannot distribute relation "%" because it has triggers and '
      '"citus.enable_unsafe_triggers" is set to "false"', name;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = name AND contype = 'f') THEN
    RAISE EXCEPTION 'cannot create foreign key constraint since % is a local table', name;
  END IF;
END $$;

CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fake_refusals(table_name);
  IF EXISTS (SELECT 1 FROM pg_class WHERE oid = table_name AND relkind = 'p') THEN
    RAISE EXCEPTION 'distributing partitioned tables in only supported for hash-distributed tables';
  END IF;
  INSERT INTO pg_dist_partition VALUES (table_name, 'n', NULL, 1);
END $$;

CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(name regclass)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = name) THEN
    RAISE EXCEPTION 'supplied parameter is not a distributed relation';
  END IF;
  UPDATE pg_dist_partition SET truncated = true WHERE logicalrelid = name;
END $$;

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text,
  distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  number smallint;
  colocation integer;
BEGIN
  PERFORM fake_refusals(table_name);
  SELECT attnum INTO number FROM pg_attribute
    WHERE attrelid = table_name AND attname = distribution_column AND atttypid = 'integer'::regtype;
  IF number IS NULL THEN
    RAISE EXCEPTION 'column "%" of relation "%" does not exist', distribution_column, table_name;
  END IF;
  IF EXISTS (SELECT 1 FROM pg_index WHERE indrelid = table_name AND indisunique
    AND NOT number = ANY (indkey::smallint[])) THEN
    RAISE EXCEPTION 'cannot create constraint on "%"', table_name
      USING DETAIL = 'Distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY '
        'constraints that do not include the partition column';
  END IF;
  IF colocate_with = 'none' THEN
    SELECT coalesce(max(colocationid), 1) + 1 INTO colocation FROM pg_dist_partition;
  ELSE
    SELECT colocationid INTO colocation FROM pg_dist_partition
      WHERE logicalrelid = colocate_with::regclass AND partmethod = 'h';
    IF colocation IS NULL THEN
      RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
  END IF;
  INSERT INTO pg_dist_partition VALUES (table_name, 'h', distribution_column, colocation);
END $$;
`;

/** Makes a database look like the coordinator of a cluster of two workers. */
export async function fakeCitus(server: TestServer, url: string): Promise<void> {
  await server.query(url, INSTALL);
}
