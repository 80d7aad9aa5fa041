#!/bin/bash
# PostgreSQL in the guest: pgbench.sh TPC-B-TRANSACTIONS SELECTS, each number per client, of which there are four. Wants a
# Debian root with postgresql-15 (docs/apps.md); docs/proofs/pgbench.md is a recorded run.
export PATH=/usr/lib/postgresql/15/bin:$PATH
pg() { su postgres -c "$*"; }
mkdir -p /tmp/pg && chown postgres /tmp/pg
pg "initdb -D /tmp/pg/d -A trust --no-sync >/tmp/pg/init.log 2>&1" || { tail -20 /tmp/pg/init.log; exit 1; }
pg "postgres -D /tmp/pg/d -k /tmp/pg -c listen_addresses='' -c fsync=off -c shared_buffers=64MB -c max_wal_size=256MB \
	>/tmp/pg/log 2>&1" &
until pg "psql -h /tmp/pg -Atc 'select version()' postgres" 2>/dev/null; do sleep 0.5; done
nproc
date -u +%T
pg "pgbench -h /tmp/pg -i -s 4 -q postgres 2>&1 | tail -1"
pg "pgbench -h /tmp/pg -M prepared -P 120 -c 4 -t $1 postgres 2>&1"
date -u +%T
echo "rows of history; sums of accounts, tellers, branches are the history's:"
pg "psql -h /tmp/pg -At postgres" <<SQL
select count(*), (select sum(abalance) from pgbench_accounts) = sum(delta), (select sum(tbalance) from pgbench_tellers) = sum(delta),
	(select sum(bbalance) from pgbench_branches) = sum(delta) from pgbench_history
SQL
pg "pgbench -h /tmp/pg -M prepared -S -n -P 120 -c 4 -t $2 postgres 2>&1"
date -u +%T
pg "pg_ctl -D /tmp/pg/d stop -m fast"
wait
echo "lines of the server's log with ERROR, FATAL or PANIC: $(grep -cE 'ERROR|FATAL|PANIC' /tmp/pg/log)"
free -m
