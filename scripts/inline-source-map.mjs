import { Buffer } from 'node:buffer';

const MAP = /(sourceMappingURL=data:[^,]*;base64,)([\w+/=]+)/;

/** The source map at the end of compiled code; `undefined` where there is none. */
export function readSourceMap(code) {
  const encoded = MAP.exec(code)?.[2];
  return encoded === undefined
    ? undefined
    : JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
}

/** The same code with another map. */
export function withSourceMap(code, map) {
  const encoded = Buffer.from(JSON.stringify(map)).toString('base64');
  return code.replace(MAP, (_, prefix) => prefix + encoded);
}
