import winston from 'winston';
import { currentRequest } from './request-context.ts';
import { openRotatingFile, type RotatingFileSettings } from './rotating-file.ts';

/**
 * Structured JSON logs. Fields are an allow-list by type: text, numbers, booleans. Objects cannot be
 * logged, so no request body, header set or error with attached data reaches a line by accident. A line that is
 * written within a request says which one (request-context.ts); fields given explicitly win.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  debug: (message: string, fields?: LogFields) => void;
  info: (message: string, fields?: LogFields) => void;
  warn: (message: string, fields?: LogFields) => void;
  /** `cause` is logged by name, code, message and stack; never its other members. */
  error: (message: string, cause?: unknown, fields?: LogFields) => void;
  /** A logger that adds `fields` to every line. */
  with: (fields: LogFields) => Logger;
  /** Resolves when all lines are handed to the operating system. */
  close: () => Promise<void>;
}

export interface LogSettings {
  level: LogLevel;
  /** Absent: standard output. */
  file?: RotatingFileSettings;
}

export function createLogger(settings: LogSettings, fields: LogFields = {}): Logger {
  // winston's own file transport loses lines that are still in its buffers when it is closed.
  const file = settings.file && openRotatingFile(settings.file);
  const root = winston.createLogger({
    level: settings.level,
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [
      file === undefined ? new winston.transports.Console() : new winston.transports.Stream({ stream: file }),
    ],
  });
  let closing: Promise<void> | undefined;
  return wrap(
    entry => {
      // A line that comes too late is dropped; winston would raise an error that nobody can catch.
      if (closing === undefined) root.log(entry);
    },
    fields,
    () =>
      (closing ??= new Promise(resolve => {
        root.on('finish', () => (file === undefined ? resolve() : file.end(resolve)));
        root.end();
      })),
  );
}

function wrap(
  writeEntry: (entry: winston.LogEntry) => void,
  bound: LogFields,
  close: () => Promise<void>,
): Logger {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined) =>
    writeEntry({ ...bound, ...currentRequest(), ...fields, level, message });
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, cause, fields) => write('error', message, { ...fields, ...describeError(cause) }),
    with: fields => wrap(writeEntry, { ...bound, ...fields }, close),
    close,
  };
}

/** Longer than any real chain, and the end of one that goes in a circle. */
const MAX_CAUSES = 8;

/** The cause chain as flat text. PostgreSQL's `detail` and `where` are left out: they repeat row values. */
export function describeError(error: unknown): LogFields {
  if (error === undefined || error === null) return {};
  if (!(error instanceof Error)) return { error: `a ${typeof error} was thrown` };
  const causes: Error[] = [];
  for (let next = error.cause; next instanceof Error && causes.length < MAX_CAUSES; next = next.cause) {
    causes.push(next);
  }
  const root = causes.at(-1);
  return {
    error: `${error.name}: ${messageOf(error)}`,
    errorCode: codeOf(error),
    stack: stackOf(error),
    ...(root === undefined
      ? {}
      : { cause: causes.map(describeCause).join(' <- '), causeStack: stackOf(root) }),
  };
}

function describeCause(cause: Error): string {
  const code = codeOf(cause);
  return `${cause.name}: ${messageOf(cause)}${code === undefined ? '' : ` (${code})`}`;
}

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Messages that quote the input they complain of: JSON.parse's, and PostgreSQL's data exceptions (class 22). */
const quotesInput = (error: Error): boolean =>
  error.name === 'SyntaxError' || /^22[0-9A-Z]{3}$/.test(codeOf(error) ?? '');

const messageOf = (error: Error): string =>
  quotesInput(error) ? 'message withheld, since it quotes input' : error.message;

/** A stack begins with the message. */
const stackOf = (error: Error): string | undefined =>
  quotesInput(error) ? error.stack?.replace(/^[^]*?(?=\n +at )/, '') : error.stack;

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
  close: () => Promise.resolve(),
};
