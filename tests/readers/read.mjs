// SPDX-License-Identifier: MIT
//
// read.mjs MODEL INSPECTED [FILE]: what @huggingface/gguf finds in a file, against `quantnet inspect --json --all`; prints what differs.
// Of a split model it reads one file, FILE counted from 0; the metadata is that of the first.
// FOLDER/node_modules with the package is named by the environment variable READERS.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.env.READERS + "/"));
const { gguf, GGMLQuantizationType, GGUFValueType } = await import(pathToFileURL(require.resolve("@huggingface/gguf")));

const [model, inspectedPath, file = "0"] = process.argv.slice(2);
const theirs = await gguf(model, { allowLocalFile: true, typedMetadata: true });
const ours = JSON.parse(readFileSync(inspectedPath, "utf8"));

function check(what, found, expected) {
  // Numbers of 64 bits are BigInt there.
  const [a, b] = [found, expected].map((value) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? Number(one) : one)));
  if (a !== b) console.log(`${what}: found ${a}, expected ${b}`.slice(0, 300));
}

const metadata = file === "0" ? ours.metadata : [];
const fromFile = Object.entries(theirs.typedMetadata).slice(3); // after what it makes of the header
check("version", theirs.typedMetadata.version.value, ours.version);
if (file === "0") check("keys", fromFile.map(([key]) => key), metadata.map((entry) => entry.key));
const typeName = (type) => GGUFValueType[type]?.toLowerCase().replace(/^bool$/, "boolean");
const single = (type, value) => {
  if (type !== "float32") return value;
  return Array.isArray(value) ? value.map(Math.fround) : Math.fround(value);
};
for (const entry of metadata) {
  const { value, type, subType } = theirs.typedMetadata[entry.key] ?? {};
  check(`${entry.key}, type`, typeName(type), entry.type);
  if (entry.type === "array") check(`${entry.key}, element type`, typeName(subType), entry.elementType);
  const numbers = entry.elementType ?? entry.type;
  check(entry.key, single(numbers, value), single(numbers, entry.value));
}

const tensors = ours.tensors.filter((tensor) => tensor.file === Number(file));
check("tensors", theirs.tensorInfos.length, tensors.length);
for (const [i, tensor] of tensors.entries()) {
  const { name, dtype, shape, offset } = theirs.tensorInfos[i] ?? {};
  check(`tensor ${i}`, [name, GGMLQuantizationType[dtype], shape, theirs.tensorDataOffset + (offset ?? 0n)], [
    tensor.name, tensor.type, tensor.shape, tensor.offset,
  ]);
}
