/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include "govern/govern_keys.h"

#define ROOM_W 1e9

#define AT(field) offsetof(erg_govern_draft, field)
#define OF(field) offsetof(erg_govern_draft, config.field)

const erg_yaml_field erg_govern_file_keys[] = {
    { "version", ERG_YAML_WHOLE, AT(version), "", 1, 1, true },
    { "mode", ERG_YAML_TEXT, AT(mode) },
    { "role", ERG_YAML_TEXT, AT(role) },
    { "period", ERG_YAML_QUANTITY, OF(period_s), "s", 0.01, 60 },
    { "state", ERG_YAML_TEXT, OF(state_dir) },
    { "node", ERG_YAML_NODE, AT(node) },
    { "gpu", ERG_YAML_NODE, AT(gpu) },
    { "cap", ERG_YAML_NODE, AT(cap) },
    { "shaper", ERG_YAML_NODE, AT(shaper) },
    { "ops", ERG_YAML_NODE, AT(ops) },
    { "mpi", ERG_YAML_NODE, AT(mpi) },
    { "rack", ERG_YAML_NODE, AT(rack) },
    { "mqtt", ERG_YAML_NODE, AT(mqtt) },
    { "thermal", ERG_YAML_NODE, AT(thermal) },
    { "socket", ERG_YAML_NODE, AT(socket) },
    { "http", ERG_YAML_NODE, AT(http) },
    { "journal", ERG_YAML_NODE, AT(journal) },
    { 0 },
};

static const erg_yaml_field node_fields[] = {
    { "id", ERG_YAML_TEXT, OF(node.id) },
    { "sensors", ERG_YAML_NODE, AT(sensors) },
    { "floor", ERG_YAML_QUANTITY, OF(node.floor_w), "W", 0, ROOM_W },
    { "ceil", ERG_YAML_QUANTITY, OF(node.ceil_w), "W", 0, ROOM_W },
    { "priority", ERG_YAML_WHOLE, OF(node.priority), "", 0, 1000 },
    { "weight", ERG_YAML_QUANTITY, OF(node.weight), "", 1e-3, 1e6 },
    { "fallback", ERG_YAML_QUANTITY, OF(node.fallback_w), "W", 0, ROOM_W },
    { "psu_ocp", ERG_YAML_QUANTITY, OF(node.psu_ocp_w), "W", 1, ROOM_W },
    { "base", ERG_YAML_QUANTITY, OF(node.base_w), "W", 0, ROOM_W },
    { 0 },
};

static const erg_yaml_field gpu_fields[] = {
    { "limit", ERG_YAML_QUANTITY, OF(gpu.limit_w), "W", 1, ROOM_W },
    { "policy", ERG_YAML_TEXT, OF(gpu.policy) },
    { "slowdown_max", ERG_YAML_QUANTITY, OF(gpu.slowdown_most), "%", 0, 1 },
    { "dvfs", ERG_YAML_TEXT, OF(gpu.dvfs) },
    { "objective", ERG_YAML_TEXT, OF(gpu.objective) },
    { "clock", ERG_YAML_RANGE, OF(gpu.clock_hz), "Hz", 1e6, 1e11 },
    { "sweep", ERG_YAML_TEXT, OF(gpu.sweep) },
    { "hold", ERG_YAML_NODE, AT(holds) },
    { 0 },
};

static const erg_yaml_field cap_fields[] = {
    { "scope", ERG_YAML_TEXT, OF(cap.scope) },
    { "limit", ERG_YAML_QUANTITY, OF(cap.limit_w), "W", 1, ROOM_W },
    { "policy", ERG_YAML_TEXT, OF(cap.policy) },
    { "window", ERG_YAML_QUANTITY, OF(cap.window_s), "s", 1e-6, 3600 },
    { "enforcement", ERG_YAML_NODE, AT(enforcement) },
    { 0 },
};

static const erg_yaml_field shaper_fields[] = {
    { "jitter", ERG_YAML_RANGE, OF(shaper.jitter_s), "s", 0, 3600 },
    { "jitter_scope", ERG_YAML_TEXT, OF(shaper.jitter_scope) },
    { "rng_key", ERG_YAML_WHOLE, OF(shaper.rng_key), "", 0, 9e15 },
    { "nccl_ctas", ERG_YAML_WHOLE, OF(shaper.nccl_ctas), "", 1, 64 },
    { "phase", ERG_YAML_NODE, AT(phase) },
    { "psu_fraction", ERG_YAML_QUANTITY, OF(shaper.psu_fraction), "", 0.1, 1 },
    { "floor", ERG_YAML_QUANTITY, OF(shaper.floor_w), "W", 0, ROOM_W },
    { "filler", ERG_YAML_NODE, AT(filler) },
    { "ramp_up", ERG_YAML_QUANTITY, OF(shaper.up_w_per_s), "W/s", 1e-3, ROOM_W },
    { "ramp_down", ERG_YAML_QUANTITY, OF(shaper.down_w_per_s), "W/s", 1e-3, ROOM_W },
    { "ramp_down_hold", ERG_YAML_QUANTITY, OF(shaper.hold_s), "s", 0, 3600 },
    { 0 },
};

static const erg_yaml_field phase_fields[] = {
    { "dp_groups", ERG_YAML_TEXT, AT(job.dp_groups) },
    { "pp_stages", ERG_YAML_TEXT, AT(job.pp_stages) },
    { "tp", ERG_YAML_TEXT, AT(job.tp) },
    { "max_delay", ERG_YAML_QUANTITY, AT(job.delay_s), "s", 0, 3600 },
    { 0 },
};

const erg_yaml_field erg_govern_member_keys[] = {
    { "id", ERG_YAML_TEXT, AT(member.id), .needed = true },
    { "fallback", ERG_YAML_QUANTITY, AT(member.fallback_w), "W", 0, ROOM_W, true },
    { "weight", ERG_YAML_QUANTITY, AT(member.weight), "", 1e-3, 1e6 },
    { 0 },
};

static const erg_yaml_field mpi_fields[] = {
    { "stagger", ERG_YAML_TRUTH, AT(job.staggers) },
    { "hierarchical", ERG_YAML_TRUTH, AT(job.levels) },
    { "deterministic", ERG_YAML_TRUTH, AT(job.exact) },
    { "pace", ERG_YAML_QUANTITY, AT(job.pace_bytes_per_s), "B/s", 0, 1e15 },
    { "wait", ERG_YAML_TEXT, AT(job.wait) },
    { "wait_after", ERG_YAML_QUANTITY, AT(job.after_s), "s", 0, 3600 },
    { "every", ERG_YAML_WHOLE, AT(job.every), "", 1, 1000000 },
    { "nap", ERG_YAML_QUANTITY, AT(job.nap_s), "s", 1e-6, 1 },
    { 0 },
};

static const erg_yaml_field rack_fields[] = {
    { "cap", ERG_YAML_QUANTITY, OF(rack.cap_w), "W", 1, ROOM_W },
    { "breaker", ERG_YAML_NODE, AT(breaker) },
    { "soft_start", ERG_YAML_QUANTITY, OF(rack.soft_start_s), "s", 0, 3600 },
    { "jitter", ERG_YAML_RANGE, OF(rack.jitter_s), "s", 0, 3600 },
    { "bands", ERG_YAML_NODE, AT(bands) },
    { "period", ERG_YAML_QUANTITY, OF(rack.period_s), "s", 0.1, 3600 },
    { "policy", ERG_YAML_TEXT, OF(rack.policy) },
    { "aisle", ERG_YAML_NODE, AT(aisle) },
    { "nodes", ERG_YAML_NODE, AT(members) },
    { 0 },
};

static const erg_yaml_field breaker_fields[] = {
    { "rating", ERG_YAML_QUANTITY, OF(rack.breaker_w), "W", 1, ROOM_W, true },
    { "margin", ERG_YAML_QUANTITY, OF(rack.margin), "", 0.1, 1 },
    { "curve", ERG_YAML_NODE, AT(curve) },
    { "tau", ERG_YAML_QUANTITY, OF(rack.tau_s), "s", 1e-3, 1e6 },
    { "trip", ERG_YAML_QUANTITY, OF(rack.trip), "", 1, 100 },
    { 0 },
};

static const erg_yaml_field bands_fields[] = {
    { "cap", ERG_YAML_QUANTITY, OF(rack.cap_at), "", 0.1, 1 },
    { "target", ERG_YAML_QUANTITY, OF(rack.target), "", 0.1, 1 },
    { "uncap", ERG_YAML_QUANTITY, OF(rack.uncap_at), "", 0.1, 1 },
    { "hold", ERG_YAML_QUANTITY, OF(rack.hold_s), "s", 0, 3600 },
    { 0 },
};

static const erg_yaml_field aisle_fields[] = {
    { "id", ERG_YAML_TEXT, OF(rack.aisle) },
    { "cooling", ERG_YAML_QUANTITY, OF(rack.cooling_w), "W", 1, ROOM_W },
    { 0 },
};

static const erg_yaml_field mqtt_fields[] = {
    { "host", ERG_YAML_TEXT, OF(mqtt.host), .needed = true },
    { "port", ERG_YAML_WHOLE, OF(mqtt.port), "", 1, 65535 },
    { "tls_ca", ERG_YAML_TEXT, OF(mqtt.tls_ca) },
    { "tls_cert", ERG_YAML_TEXT, OF(mqtt.tls_cert) },
    { "tls_key", ERG_YAML_TEXT, OF(mqtt.tls_key) },
    { "user", ERG_YAML_TEXT, OF(mqtt.user) },
    { "password_file", ERG_YAML_TEXT, OF(mqtt.password_file) },
    { "rack", ERG_YAML_TEXT, OF(mqtt.rack) },
    { "lease", ERG_YAML_QUANTITY, OF(mqtt.lease_s), "s", 1, 3600 },
    { "status_period", ERG_YAML_QUANTITY, OF(mqtt.status_s), "s", 0.1, 3600 },
    { "actuation", ERG_YAML_QUANTITY, OF(mqtt.actuation_s), "s", 0, 60 },
    { 0 },
};

static const erg_yaml_field thermal_fields[] = {
    { "hotspot", ERG_YAML_QUANTITY, OF(thermal.hot_k), "K", 273.15, 423.15 },
    { "hysteresis", ERG_YAML_DIFFERENCE, OF(thermal.hysteresis_k), "K", 0, 50 },
    { "inlet", ERG_YAML_QUANTITY, OF(thermal.inlet_k), "K", 233.15, 333.15 },
    { "r", ERG_YAML_QUANTITY, OF(thermal.r_k_per_w), "K/W", 1e-4, 1e3 },
    { "tau", ERG_YAML_QUANTITY, OF(thermal.tau_s), "s", 1, 1e5 },
    { "prefer_cool", ERG_YAML_TRUTH, OF(thermal.prefer_cool) },
    { "redistribute", ERG_YAML_TRUTH, OF(thermal.redistribute) },
    { "migrate", ERG_YAML_NODE, AT(migrate) },
    { 0 },
};

static const erg_yaml_field migrate_fields[] = {
    { "after", ERG_YAML_QUANTITY, OF(thermal.after_s), "s", 0, 1e5 },
    { "cooldown", ERG_YAML_QUANTITY, OF(thermal.cooldown_s), "s", 0, 1e6 },
    { "max_per_hour", ERG_YAML_WHOLE, OF(thermal.moves_per_hour), "", 0, 8 },
    { 0 },
};

static const erg_yaml_field socket_fields[] = {
    { "path", ERG_YAML_TEXT, OF(socket.path) },
    { "users", ERG_YAML_NODE, AT(users) },
    { "groups", ERG_YAML_NODE, AT(groups) },
    { "set", ERG_YAML_NODE, AT(set) },
    { "work", ERG_YAML_NODE, AT(work) },
    { "clients", ERG_YAML_WHOLE, OF(socket.clients), "", 1, 1024 },
    { 0 },
};

static const erg_yaml_field set_fields[] = {
    { "users", ERG_YAML_NODE, AT(set_users) },
    { "groups", ERG_YAML_NODE, AT(set_groups) },
    { 0 },
};

static const erg_yaml_field work_fields[] = {
    { "users", ERG_YAML_NODE, AT(work_users) },
    { "groups", ERG_YAML_NODE, AT(work_groups) },
    { 0 },
};

static const erg_yaml_field http_fields[] = {
    { "address", ERG_YAML_TEXT, OF(http.address) },
    { "port", ERG_YAML_WHOLE, OF(http.port), "", 0, 65535 },
    { 0 },
};

static const erg_yaml_field journal_fields[] = {
    { "path", ERG_YAML_TEXT, OF(journal.path) },
    { "size", ERG_YAML_QUANTITY, OF(journal.most_bytes), "B", 4096, 1e12 },
    { 0 },
};

const erg_govern_section erg_govern_sections[ERG_GOVERN_SECTIONS] = {
    { AT(node), node_fields }, { AT(gpu), gpu_fields }, { AT(cap), cap_fields },
    { AT(shaper), shaper_fields }, { AT(phase), phase_fields }, { AT(mpi), mpi_fields },
    { AT(rack), rack_fields }, { AT(breaker), breaker_fields }, { AT(bands), bands_fields },
    { AT(aisle), aisle_fields }, { AT(mqtt), mqtt_fields }, { AT(thermal), thermal_fields },
    { AT(migrate), migrate_fields }, { AT(socket), socket_fields }, { AT(set), set_fields },
    { AT(work), work_fields }, { AT(http), http_fields }, { AT(journal), journal_fields },
};
