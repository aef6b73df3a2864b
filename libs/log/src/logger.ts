import winston from 'winston';

/**
 * Structured JSON logs. Fields are an allow-list by type: text, numbers, booleans. Objects cannot be
 * logged, so no request body, header set or error with attached data reaches a line by accident.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `cause` is logged by name, code, message and stack; never its other members. */
  error(message: string, cause?: unknown, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
  /** Resolves when all lines are handed to the operating system. */
  close(): Promise<void>;
}

export interface LogSettings {
  level: LogLevel;
  /** Absent: standard output. */
  file?: { path: string; maxBytes: number; maxFiles: number };
}

export function createLogger(settings: LogSettings, fields: LogFields = {}): Logger {
  const root = winston.createLogger({
    level: settings.level,
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [
      settings.file === undefined
        ? new winston.transports.Console()
        : new winston.transports.File({
            filename: settings.file.path,
            maxsize: settings.file.maxBytes,
            maxFiles: settings.file.maxFiles,
            tailable: true,
            options: { flags: 'a', mode: 0o600 },
          }),
    ],
  });
  const close = () =>
    new Promise<void>(resolve => {
      root.on('finish', () => setImmediate(resolve));
      root.end();
    });
  return wrap(root, fields, close);
}

function wrap(root: winston.Logger, bound: LogFields, close: () => Promise<void>): Logger {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined) => {
    root.log({ ...bound, ...fields, level, message });
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, cause, fields) => write('error', message, { ...fields, ...describeError(cause) }),
    with: fields => wrap(root, { ...bound, ...fields }, close),
    close,
  };
}

/** The cause chain as flat text. PostgreSQL's `detail` and `where` are left out: they repeat row values. */
export function describeError(error: unknown): LogFields {
  if (error === undefined || error === null) return {};
  if (!(error instanceof Error)) return { error: `a ${typeof error} was thrown` };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause instanceof Error ? describeError(error.cause) : {};
  return {
    error: `${error.name}: ${error.message}`,
    errorCode: code,
    stack: error.stack,
    ...(cause['error'] === undefined ? {} : { cause: cause['error'], causeStack: cause['stack'] }),
  };
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
  close: () => Promise.resolve(),
};
