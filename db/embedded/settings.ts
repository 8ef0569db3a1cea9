/** Postgres settings by name, as in postgresql.conf. */
export type Settings = Readonly<Record<string, string | number>>

/** Durable, and sized for a small machine that Postgres shares with the application. */
const DEFAULTS: Settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: 100,
  shared_buffers: '256MB',
  wal_buffers: '16MB',
  // Checkpoints rarely and spread out: each one makes the following writes log whole pages again.
  min_wal_size: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: 0.9,
  wal_compression: 'on',
  // The data is on an SSD, and the queries are too small to be worth compiling.
  random_page_cost: 1.1,
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %q%a@%d ',
}

/** A query whose client was killed ends within a second instead of holding its locks till it is done. Windows can't tell. */
const NOTICE_DEAD_CLIENTS: Settings = process.platform === 'win32' ? {} : { client_connection_check_interval: '1s' }

/** The server's arguments. Where it listens is not for the caller to change: on loopback only, without socket files. */
export function serverArguments(data: string, port: number, overrides: Settings): string[] {
  const settings: Settings = {
    ...DEFAULTS,
    ...NOTICE_DEAD_CLIENTS,
    ...overrides,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    logging_collector: 'off',
  }
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}
