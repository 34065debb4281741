import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

export const servedByOlder = true

const ended = `('closed', 'refused', 'expired')`

// A ciphertext that no request needs any more loses its file and keeps its digest. By triggers, so that no request is left out, one of
// an older build that still serves neither.
const statements = [
  `alter table fhe_ciphertext add column removed_at timestamptz`,
  `alter table decrypt_request add column ended_at timestamptz`,
  `update decrypt_request set ended_at = now() where state in ${ended}`,
  `create function custody_request_ended() returns trigger language plpgsql as $$
    begin
      if new.state in ${ended} and new.ended_at is null then
        new.ended_at := now();
      end if;
      return new;
    end $$`,
  `create trigger custody_request_ended before insert or update on decrypt_request
    for each row execute function custody_request_ended()`,
  `create table fhe_request_ciphertext (
    fhe_key_id text not null,
    request_id text not null,
    digest text not null,
    primary key (fhe_key_id, request_id, digest),
    foreign key (fhe_key_id, request_id) references decrypt_request,
    foreign key (fhe_key_id, digest) references fhe_ciphertext)`,
  `create index fhe_request_ciphertext_digest on fhe_request_ciphertext (fhe_key_id, digest)`,
  `insert into fhe_request_ciphertext (fhe_key_id, request_id, digest)
    select fhe_key_id, request_id, one->>'digest'
    from decrypt_request, jsonb_array_elements(package::jsonb->'request'->'payload'->'ciphertexts') one`,
  `create function custody_request_opened() returns trigger language plpgsql as $$
    begin
      insert into fhe_request_ciphertext (fhe_key_id, request_id, digest)
        select new.fhe_key_id, new.request_id, one->>'digest'
        from jsonb_array_elements(new.package::jsonb->'request'->'payload'->'ciphertexts') one;
      return null;
    end $$`,
  `create trigger custody_request_opened after insert on decrypt_request
    for each row execute function custody_request_opened()`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(database)
  await sql.raw(`grant select, insert on fhe_request_ciphertext to ${applicationRole}`).execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop function custody_request_opened() cascade').execute(database)
  await sql.raw('drop table fhe_request_ciphertext').execute(database)
  await sql.raw('drop function custody_request_ended() cascade').execute(database)
  await sql.raw('alter table decrypt_request drop column ended_at').execute(database)
  await sql.raw('alter table fhe_ciphertext drop column removed_at').execute(database)
}
