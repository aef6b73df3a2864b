import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { isInternal, UPSTREAM_NAMES } from './routes.ts';
import { askUpstream, type Upstreams } from './upstreams.ts';

type Members = Record<string, unknown>;

/** The parts of an OpenAPI 3.1 document that are merged. */
export interface OpenapiDocument {
  openapi: string;
  info: { title: string; version: string };
  tags: { name: string }[];
  paths: Members;
  components: Record<string, Members>;
}

const CACHE_MS = 60_000;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export interface OpenapiSource {
  /** The platform's document; undefined when a service cannot be asked, which is not remembered. */
  read: () => Promise<OpenapiDocument | undefined>;
}

export function createOpenapiSource(upstreams: Upstreams, now: () => number = Date.now): OpenapiSource {
  let cached: { document: OpenapiDocument; until: number } | undefined;
  let reading: Promise<OpenapiDocument | undefined> | undefined;

  async function load(): Promise<OpenapiDocument | undefined> {
    try {
      const texts = await Promise.all(
        UPSTREAM_NAMES.map(name => askUpstream(upstreams[name], '/openapi.json')),
      );
      if (texts.some(({ status }) => status !== 200)) return undefined;
      const document = mergeDocuments(
        texts.map(({ body }, index) => ({ name: UPSTREAM_NAMES[index] as string, text: body })),
      );
      cached = { document, until: now() + CACHE_MS };
      return document;
    } catch {
      return undefined;
    } finally {
      reading = undefined;
    }
  }

  return {
    async read() {
      if (cached !== undefined && now() < cached.until) return cached.document;
      return (reading ??= load());
    },
  };
}

/**
 * One document out of each service's own, without what only services ask each other for. Services share schemas such as the error body: equal ones become
 * one, and one that differs under the same name is renamed to `<service>.<name>`.
 */
export function mergeDocuments(documents: readonly { name: string; text: string }[]): OpenapiDocument {
  const merged: OpenapiDocument = {
    openapi: '3.1.0',
    info: { title: 'Strongroom', version },
    tags: [],
    paths: {},
    components: {},
  };
  for (const { name, text } of documents) {
    const { paths = {}, components = {}, tags = [] } = withoutClashes(name, text, merged.components);
    for (const [path, methods] of Object.entries(paths)) {
      if (!isInternal(path)) merged.paths[path] = methods;
    }
    for (const [section, members] of Object.entries(components)) {
      merged.components[section] = { ...members, ...merged.components[section] };
    }
    for (const tag of tags) {
      if (!merged.tags.some(known => known.name === tag.name)) merged.tags.push(tag);
    }
  }
  return merged;
}

function withoutClashes(
  service: string,
  text: string,
  taken: OpenapiDocument['components'],
): Partial<OpenapiDocument> {
  const document = JSON.parse(text) as Partial<OpenapiDocument>;
  const { schemas = {} } = document.components ?? {};
  const clashes = Object.keys(schemas).filter(name => {
    const known = taken['schemas']?.[name];
    return known !== undefined && !isDeepStrictEqual(known, schemas[name]);
  });
  if (clashes.length === 0) return document;
  const renamed = clashes.reduce(
    (json, name) =>
      json.replaceAll(`"#/components/schemas/${name}"`, `"#/components/schemas/${service}.${name}"`),
    JSON.stringify(document),
  );
  const { components = {}, ...rest } = JSON.parse(renamed) as Partial<OpenapiDocument>;
  const members = Object.entries(components['schemas'] ?? {}).map(([name, schema]) => [
    clashes.includes(name) ? `${service}.${name}` : name,
    schema,
  ]);
  return { ...rest, components: { ...components, schemas: Object.fromEntries(members) as Members } };
}
