/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that each .erg file has from its start (docs/formats.md). */
#include "trace/schema.h"

/* Rows larger than a page waste half of their last one: small pages. */
const char erg_store_schema[] =
    "PRAGMA page_size=1024; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE anchor(mono_ns INTEGER, boot_ns INTEGER, utc_ns INTEGER,"
    " half_width_ns INTEGER);"
    "CREATE TABLE device(id INTEGER PRIMARY KEY, driver TEXT, name TEXT, uuid TEXT,"
    " model TEXT, scope TEXT, host_id TEXT, wired_to TEXT, shared INTEGER);"
    "CREATE TABLE channel(id INTEGER PRIMARY KEY, device_id INTEGER, name TEXT, unit TEXT,"
    " quantity TEXT, kind TEXT, method TEXT, scope TEXT, update_ns INTEGER,"
    " window_ns INTEGER, delay_ns INTEGER, gain REAL, offset REAL, gain_u REAL,"
    " offset_u REAL, range_j REAL, resolution REAL, max_w REAL, calibration TEXT);"
    "CREATE TABLE block(id INTEGER PRIMARY KEY, channel_id INTEGER, first_ns INTEGER,"
    " count INTEGER, data BLOB);"
    "CREATE TABLE region(id INTEGER PRIMARY KEY, parent INTEGER, thread INTEGER, name TEXT,"
    " begin_ns INTEGER, end_ns INTEGER, runs REAL);"
    "CREATE TABLE mark(ns INTEGER, name TEXT, value REAL);"
    "CREATE TABLE setting(ns INTEGER, device_id INTEGER, key TEXT, value TEXT);"
    "CREATE TABLE flag(code TEXT, channel_id INTEGER, begin_ns INTEGER, end_ns INTEGER,"
    " text TEXT);"
    "PRAGMA application_id=0x45524731; PRAGMA user_version=1; COMMIT;"
    "PRAGMA journal_mode=WAL;";
