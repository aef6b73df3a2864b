/** What every embedded server runs with; `settings` of the caller come after and may change all but where it listens. */
export function serverArguments(
  port: number,
  durable: boolean,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = {
    ...SMALL_MACHINE,
    ...NOTHING_SECRET_IN_THE_LOG,
    ...(durable ? {} : FAST_AND_LOSABLE),
    ...settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const SMALL_MACHINE = {
  shared_buffers: '128MB',
  max_connections: '100',
  wal_compression: 'on',
  password_encryption: 'scram-sha-256',
};

/**
 * Errors are the client's business: it gets them and logs what is safe. In the server's log their texts would repeat
 * values ("invalid input syntax for type …"), their details whole rows, and a crash report the statement. `log` keeps
 * what concerns the server itself; its level stands above `error` here.
 */
const NOTHING_SECRET_IN_THE_LOG = {
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
};

const FAST_AND_LOSABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
