"""Checks a model with the ONNX checker and prints its declarations.

    check_model.py MODEL    prints the operator set, inputs, outputs and metadata, one per line
    check_model.py          prints the fields of all ONNX messages as MESSAGE.FIELD NUMBER TYPE, one per line
"""

import sys

import onnx


def describe(kind, value):
    tensor = value.type.tensor_type
    sizes = [size.dim_param or str(size.dim_value) for size in tensor.shape.dim]
    print(kind, value.name, onnx.TensorProto.DataType.Name(tensor.elem_type), ",".join(sizes))


def check(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    known = onnx.ModelProto()
    known.CopyFrom(model)
    known.DiscardUnknownFields()
    if known.ByteSize() != model.ByteSize():
        raise SystemExit("the file has fields that ONNX does not know")
    print("opset", *(f"{opset.domain or 'onnx'} {opset.version}" for opset in model.opset_import))
    for value in model.graph.input:
        describe("input", value)
    for value in model.graph.output:
        describe("output", value)
    for entry in model.metadata_props:
        print("metadata", entry.key, entry.value)


def print_fields():
    def visit(message):
        for field in message.fields:
            print(f"{message.full_name}.{field.name} {field.number} {field.type}")
        for nested in message.nested_types:
            visit(nested)

    for message in onnx.ModelProto.DESCRIPTOR.file.message_types_by_name.values():
        visit(message)


if len(sys.argv) > 1:
    check(sys.argv[1])
else:
    print_fields()
