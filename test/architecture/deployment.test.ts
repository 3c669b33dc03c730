import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { ROOT } from './source-files.ts';

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const services = Object.entries(compose.services);

describe('the compose file', () => {
  it('opens ports on loopback only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);

    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('names every image with its version', () => {
    const images = services.map(([, service]) => service.image);

    expect(images.filter((image) => !/:(?!latest$)[\w.-]+$/.test(image))).toEqual([]);
  });

  it('mounts files that exist and waits for services that exist', () => {
    const sources = services.flatMap(([, service]) =>
      (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''),
    );
    const awaited = services.flatMap(([, service]) => Object.keys(service.depends_on ?? {}));

    expect(
      sources.filter((source) => source.startsWith('.') && !existsSync(join(ROOT, source))),
    ).toEqual([]);
    expect(awaited.filter((name) => !(name in compose.services))).toEqual([]);
  });

  it('registers the search attributes that the code uses', () => {
    const lines = read('deploy/namespace.sh').matchAll(/--name (?<name>\w+) --type (?<kind>\w+)/g);
    const registered = [...lines].map((line) => [line.groups?.['name'], line.groups?.['kind']]);

    expect(Object.fromEntries(registered)).toEqual(SEARCH_ATTRIBUTES);
  });
});
