import ts from 'typescript';

/** Parses source text for the checks below; JavaScript is taken as well. */
export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true);
}

/** Every module a file names: imports, type imports, re-exports, `import()`. */
export function importsOf(file: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  visit(file, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.push(specifier.text);
  });
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return dynamic ? node.arguments[0] : undefined;
}

const EFFECTS = new Set(
  (
    'process fetch setTimeout setInterval setImmediate queueMicrotask performance crypto console require globalThis Date ' +
    'navigator WebSocket EventSource Worker BroadcastChannel'
  ).split(' '),
);

/** Uses of clock, chance, network, environment or timers, which a pure layer may not have. */
export function effectsOf(file: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  visit(file, (node) => {
    if (ts.isIdentifier(node) && EFFECTS.has(node.text) && isReference(node)) found.push(at(file, node, node.text));
    if (ts.isPropertyAccessExpression(node) && node.getText(file) === 'Math.random')
      found.push(at(file, node, 'Math.random'));
  });
  return found;
}

// The name of a property or member is no use of the global of that name.
function isReference(node: ts.Identifier): boolean {
  const parent: ts.Node & { readonly name?: ts.Node } = node.parent;
  return parent.name !== node || ts.isShorthandPropertyAssignment(parent);
}

/** How many lines each function has; the callback of a `describe` only groups and is not counted. */
export function functionLengths(file: ts.SourceFile): readonly { readonly place: string; readonly lines: number }[] {
  const found: { place: string; lines: number }[] = [];
  visit(file, (node) => {
    if (!ts.isFunctionLike(node) || isGroup(node)) return;
    const lines = lineOf(file, node.end) - lineOf(file, node.getStart(file)) + 1;
    found.push({ place: at(file, node, `a function of ${lines} lines`), lines });
  });
  return found;
}

function isGroup(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());
}

/** Exports without a doc comment that says something in a sentence. */
export function undocumentedExports(file: ts.SourceFile): readonly string[] {
  return file.statements
    .filter((statement) => isExported(statement) && !hasSentence(file, statement))
    .map((statement) => at(file, statement, `an export without a sentence: ${firstLine(statement.getText(file))}`));
}

function isExported(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function hasSentence(file: ts.SourceFile, statement: ts.Statement): boolean {
  const comment = ts.getLeadingCommentRanges(file.text, statement.pos)?.at(-1);
  const text = comment === undefined ? '' : file.text.slice(comment.pos, comment.end);
  if (!text.startsWith('/**')) return false;
  const words =
    text
      .slice(3, -2)
      .replaceAll(/^\s*\*/gm, '')
      .split(/^\s*@/m)[0] ?? '';
  return /\w{2,}[\s\S]*[.:;]/.test(words);
}

/** Uses of the type that switches the checker off. */
export function anysOf(file: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  visit(file, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(at(file, node, 'any'));
  });
  return found;
}

/** Whether a file passes on what others export (`export … from`). */
export function isBarrel(file: ts.SourceFile): boolean {
  return file.statements.some(
    (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined,
  );
}

/** How often a value is forced into another type through a second one (`as unknown as`). */
export function forcedCasts(file: ts.SourceFile): number {
  return count(file, (node) => ts.isAsExpression(node) && ts.isAsExpression(node.expression));
}

/** How often the programmer claims a type the checker did not find; `as const` claims nothing. */
export function castsIn(file: ts.SourceFile): number {
  return count(file, (node) => ts.isAsExpression(node) && node.type.getText(file) !== 'const');
}

const COMPANIES =
  /open-?ai|anthropic|claude|\bgoogle\b|gemini|vertex|bedrock|azure|mistral|groq|ollama|v-?llm|llama\.?cpp|lm.?studio|cohere|deepseek|openrouter|perplexity|fireworks|cerebras|hugging.?face|xai\b/gi;

/** Names of companies and their products in a text, apart from ids of wire formats and imports of their codecs. */
export function companiesIn(text: string, protocolIds: readonly string[]): readonly string[] {
  const own = new RegExp(`['"\`](?:${protocolIds.join('|')})['"\`]|from '[./]*/protocols/[^']*'`, 'g');
  return text.replaceAll(own, '').match(COMPANIES) ?? [];
}

/** The string literals of the union type of that name. */
export function unionLiterals(file: ts.SourceFile, name: string): readonly string[] {
  const found: string[] = [];
  for (const statement of file.statements)
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name)
      visit(statement, (node) => void (ts.isStringLiteral(node) && found.push(node.text)));
  return found;
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function count(file: ts.SourceFile, matches: (node: ts.Node) => boolean): number {
  let total = 0;
  visit(file, (node) => {
    if (matches(node)) total += 1;
  });
  return total;
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

function at(file: ts.SourceFile, node: ts.Node, what: string): string {
  return `${file.fileName}:${lineOf(file, node.getStart(file))}: ${what}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
