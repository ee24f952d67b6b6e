import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { parse } from './source.ts';
import { readText, ROOT } from './tree.ts';

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: ROOT }).toSorted();

/** Links of a page to files beside it that are not there. */
function deadLinks(page: string, text: string): readonly string[] {
  const links = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)];
  return links.map(([, link = '']) => link).filter((link) => !existsSync(join(ROOT, dirname(page), link)));
}

/** For each interface, its members; for each union, the `type` of its members. */
function shapesIn(text: string): ReadonlyMap<string, readonly string[]> {
  const shapes = new Map<string, readonly string[]>();
  for (const statement of parse('shapes.ts', text).statements) {
    if (ts.isInterfaceDeclaration(statement)) shapes.set(statement.name.text, memberNames(statement.members));
    if (ts.isTypeAliasDeclaration(statement) && ts.isUnionTypeNode(statement.type))
      shapes.set(statement.name.text, statement.type.types.map(memberOf));
  }
  return shapes;
}

function memberNames(members: ts.NodeArray<ts.TypeElement>): readonly string[] {
  return members.map((member) => member.name?.getText() ?? '').toSorted();
}

// A member of a union is told by its name, or by its `type` and the keys beside it.
function memberOf(node: ts.TypeNode): string {
  if (!ts.isTypeLiteralNode(node)) return node.getText();
  const type = node.members.find((member) => member.name?.getText() === 'type');
  const kind = type !== undefined && ts.isPropertySignature(type) ? (type.type?.getText() ?? '') : '';
  return `${kind} ${memberNames(node.members).join(' ')}`;
}

describe('the pages say what is so', () => {
  test.each(pages)('%s links to files that exist', (page) => {
    expect(deadLinks(page, readText(page))).toEqual([]);
  });

  test('ARCHITECTURE.md shows the shapes that the code has', () => {
    const shown = shapesIn(
      [...readText('ARCHITECTURE.md').matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]).join('\n'),
    );
    const real = shapesIn(
      ['model/block', 'model/event', 'protocols/codec'].map((file) => readText(`src/${file}.ts`)).join('\n'),
    );
    expect([...shown.keys()]).toEqual(['Block', 'Event', 'Protocol', 'Decoder', 'Dialect', 'Encoder']);
    for (const [name, members] of shown) expect(members, name).toEqual(real.get(name));
  });

  test('dead links and other shapes are found', () => {
    expect(deadLinks('docs/a.md', '[a](../README.md) [b](no-such.md#c) [d](https://example.org)')).toEqual([
      'no-such.md',
    ]);
    expect(shapesIn("type A = { type: 'x'; b: 1 } | B; interface C { d(): void; e?: 1 }")).toEqual(
      new Map([
        ['A', ["'x' b type", 'B']],
        ['C', ['d', 'e']],
      ]),
    );
  });
});
