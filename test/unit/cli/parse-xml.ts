/** An element of a document, with what it holds in order. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

type OpenElement = XmlElement & { readonly children: (XmlElement | string)[] };

const TOKEN =
  /<\/(?<closed>[\w:-]+)\s*>|<(?<opened>[\w:-]+)(?<attributes>(?:\s+[\w:-]+="[^"<]*")*)\s*(?<empty>\/?)>|(?<text>[^<]+)/y;
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" },
};

/** Reads XML of elements, attributes and text alone; throws for whatever is not well-formed, and for anything else. */
export function parseXml(document: string): XmlElement {
  const body = document.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '').trim();
  const root: OpenElement = { name: '', attributes: {}, children: [] };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const position = TOKEN.lastIndex;
    const groups = TOKEN.exec(body)?.groups;
    const parent = open.at(-1);
    if (groups === undefined || parent === undefined) {
      throw new Error(`not XML: ${body.slice(position, position + 80)}`);
    }
    const { closed, opened, attributes = '', empty, text } = groups;
    if (text !== undefined) parent.children.push(unescape(text));
    if (closed !== undefined && open.pop()?.name !== closed) throw new Error(`stray </${closed}>`);
    if (opened === undefined) continue;
    const element = { name: opened, attributes: toAttributes(attributes), children: [] };
    parent.children.push(element);
    if (empty === '') open.push(element);
  }
  const [only] = root.children;
  if (open.length !== 1 || root.children.length !== 1 || only === undefined) {
    throw new Error('not one element');
  }
  if (typeof only === 'string') throw new Error('text only');
  return only;
}

/** Every element of that name, in the order of the document. */
export function findAll(element: XmlElement, name: string): readonly XmlElement[] {
  const inner = element.children.flatMap((child) =>
    typeof child === 'string' ? [] : findAll(child, name),
  );
  return element.name === name ? [element, ...inner] : inner;
}

export function textOf(element: XmlElement): string {
  return element.children
    .map((child) => (typeof child === 'string' ? child : textOf(child)))
    .join('');
}

function toAttributes(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/([\w:-]+)="([^"]*)"/g);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [name, unescape(value)] as const),
  );
}

function unescape(text: string): string {
  return text.replace(/&[^;]*;?/g, (entity) => {
    const character = ENTITIES[entity];
    if (character === undefined) throw new Error(`unknown entity ${entity}`);
    return character;
  });
}
