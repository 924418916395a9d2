"""Owns the security templates in which stored or sent data becomes objects, documents or code."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_PICKLE: Final = (
    r"(?<!safe_)[cC]?[pP]ickle\.(loads?|Unpickler)\(.*",
    r"marshal\.loads?\(.*",
    r"shelve\.open\(.*",
    r"dill\.loads?\(.*",
    r"joblib\.load\(.*",
    r"jsonpickle\.decode\(.*",
    r"read_pickle\(.*",
    r"allow_pickle=True",
)
_PICKLE_FEEDBACK: Final = (
    "The naive code restores objects from untrusted data with $mark, which can run any code while loading (insecure "
    "deserialisation). The improved code reads a format that holds only plain data.",
    "Insecure deserialisation: whoever can write the data decides what $mark in the naive code executes. The improved "
    "code parses it as data.",
)
_FILES: Final = (
    Scene(
        duty=(
            "It also loads the saved $word from the given file.",
            "The $word kept in the file passed in is restored.",
        ),
        inputs="$path",
        result="$data",
        helper="load_state restore_saved read_saved load_cache",
        naive=(
            "import pickle\nwith open($path, 'rb') as $file:\n    $data = pickle.load($file)",
            "import pickle\nwith open($path, 'rb') as $file:\n    $data = pickle.loads($file.read())",
            "import pickle\n$data = pickle.Unpickler(open($path, 'rb')).load()",
            "import cPickle\nwith open($path, 'rb') as $file:\n    $data = cPickle.load($file)",
            "import marshal\nwith open($path, 'rb') as $file:\n    $data = marshal.load($file)",
            "import shelve\nwith shelve.open($path) as $file:\n    $data = dict($file)",
            "import pathlib\nimport pickle\n$data = pickle.loads(pathlib.Path($path).read_bytes())",
            "import dill\nwith open($path, 'rb') as $file:\n    $data = dill.load($file)",
            "import jsonpickle\nwith open($path) as $file:\n    $data = jsonpickle.decode($file.read())",
        ),
        improved=(
            "import json\nwith open($path, encoding='utf-8') as $file:\n    $data = json.load($file)",
            "import json\nwith open($path, 'rb') as $file:\n    $data = json.loads($file.read())",
            "import json\nimport pathlib\n$data = json.loads(pathlib.Path($path).read_text(encoding='utf-8'))",
            "import json\nwith open($path, encoding='utf-8') as $file:\n    $data = json.load($file)\nif not isinstance($data, dict):\n    raise ValueError('not a mapping')",
            "import tomllib\nwith open($path, 'rb') as $file:\n    $data = tomllib.load($file)",
        ),
    ),
    Scene(
        duty=("It also decodes the message received.", "The bytes passed in, sent by another program, are decoded."),
        inputs="$data",
        result="$out",
        helper="decode_message unpack_message receive",
        before="import base64",
        naive=(
            "import pickle\n$out = pickle.loads($data)",
            "import pickle\n$out = pickle.loads(base64.b64decode($data))",
            "import marshal\n$out = marshal.loads($data)",
            "import io\nimport pickle\n$out = pickle.load(io.BytesIO($data))",
            "import dill\n$out = dill.loads(base64.b64decode($data))",
            "import jsonpickle\n$out = jsonpickle.decode($data.decode())",
        ),
        improved=(
            "import json\n$out = json.loads($data)",
            "import json\n$out = json.loads(base64.b64decode($data).decode('utf-8'))",
            "import msgpack\n$out = msgpack.unpackb($data, raw=False)",
            "import json\ntry:\n    $out = json.loads($data.decode('utf-8'))\nexcept ValueError:\n    $out = {}",
        ),
    ),
    Scene(
        duty=(
            "The module also has a web view that takes the $word of a visitor from a cookie.",
            "Beside it a view reads the visitor's $word.",
        ),
        before="import base64\nfrom flask import Flask, jsonify, request\n$app = Flask(__name__)",
        naive=(
            "import pickle\n@$app.route('/$route')\ndef $view():\n    $data = pickle.loads(base64.b64decode(request.cookies['$word']))\n    return jsonify($data)",
            "import pickle\n@$app.route('/$route', methods=['POST'])\ndef $view():\n    return jsonify(pickle.loads(request.data))",
            "import jsonpickle\n@$app.route('/$route')\ndef $view():\n    $data = jsonpickle.decode(request.cookies.get('$word', '{}'))\n    return jsonify($data)",
            "import marshal\n@$app.route('/$route')\ndef $view():\n    return jsonify(marshal.loads(base64.urlsafe_b64decode(request.cookies['$word'])))",
        ),
        improved=(
            "import json\n@$app.route('/$route')\ndef $view():\n    $data = json.loads(base64.b64decode(request.cookies['$word']))\n    return jsonify($data)",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    return jsonify(request.get_json())",
            "import json\n@$app.route('/$route')\ndef $view():\n    $data = json.loads(request.cookies.get('$word', '{}'))\n    return jsonify($data)",
        ),
    ),
    Scene(
        duty=(
            "It also loads the table of numbers stored in the given file.",
            "Numbers kept in the file passed in are loaded.",
        ),
        inputs="$path",
        result="$data",
        helper="load_table read_numbers load_matrix",
        naive=(
            "import numpy as np\n$data = np.load($path, allow_pickle=True)",
            "import pandas as pd\n$data = pd.read_pickle($path)",
            "import joblib\n$data = joblib.load($path)",
            "import pickle\nwith open($path, 'rb') as $file:\n    $data = pickle.load($file, encoding='latin1')",
        ),
        improved=(
            "import numpy as np\n$data = np.load($path, allow_pickle=False)",
            "import pandas as pd\n$data = pd.read_csv($path)",
            "import numpy as np\n$data = np.loadtxt($path, delimiter=',')",
            "import csv\nwith open($path, newline='') as $file:\n    $data = [[float(cell) for cell in row] for row in csv.reader($file)]",
        ),
    ),
)

_YAML: Final = (
    r"yaml\.load\([^,()]+\)",
    r"yaml\.load\(open\(\w+\)\.read\(\)\)",
    r"yaml\.load(_all)?\(.*Loader=(yaml\.)?(Unsafe|Full)?Loader.*",
    r"yaml\.(unsafe|full)_load(_all)?\(.*",
    r"yaml\.(Unsafe)?Loader\b.*",
    r"YAML\(typ='unsafe'.*",
)
_YAML_FEEDBACK: Final = (
    "The naive code reads YAML with $mark, which builds any Python object the text names and so can execute code. The "
    "improved code restricts itself to plain data.",
    "Insecure deserialisation: $mark in the naive code follows tags such as `!!python/object`. The improved code uses "
    "the safe loader.",
)
_SETTINGS: Final = (
    Scene(
        duty=("It also reads the settings from the given YAML file.", "Options are taken from a YAML file passed in."),
        inputs="$path",
        result="$config",
        helper="load_settings read_yaml load_config",
        before="import yaml",
        naive=(
            "with open($path) as $file:\n    $config = yaml.load($file)",
            "with open($path) as $file:\n    $config = yaml.load($file, Loader=yaml.Loader)",
            "with open($path) as $file:\n    $config = yaml.unsafe_load($file)",
            "with open($path, encoding='utf-8') as $file:\n    $config = yaml.load($file.read(), Loader=yaml.UnsafeLoader) or {}",
            "$config = yaml.load(open($path).read())",
            "from ruamel.yaml import YAML\nwith open($path) as $file:\n    $config = YAML(typ='unsafe').load($file)",
        ),
        improved=(
            "with open($path) as $file:\n    $config = yaml.safe_load($file)",
            "with open($path) as $file:\n    $config = yaml.load($file, Loader=yaml.SafeLoader)",
            "with open($path, encoding='utf-8') as $file:\n    $config = yaml.safe_load($file.read()) or {}",
            "with open($path) as $file:\n    $config = yaml.load($file.read(), Loader=yaml.CSafeLoader)",
            "from ruamel.yaml import YAML\nwith open($path) as $file:\n    $config = YAML(typ='safe').load($file)",
        ),
    ),
    Scene(
        duty=("It also reads the YAML text given.", "The YAML document passed in is parsed."),
        inputs="$value",
        result="$config",
        helper="parse_yaml read_document from_yaml",
        before="import yaml",
        naive=(
            "$config = yaml.load($value)",
            "$config = yaml.load($value, Loader=yaml.Loader)",
            "$config = yaml.unsafe_load($value)",
            "$config = list(yaml.load_all($value, Loader=yaml.UnsafeLoader))",
            "loader = yaml.UnsafeLoader($value)\n$config = loader.get_single_data()",
        ),
        improved=(
            "$config = yaml.safe_load($value)",
            "$config = yaml.load($value, Loader=yaml.SafeLoader)",
            "$config = list(yaml.safe_load_all($value))",
            "loader = yaml.SafeLoader($value)\n$config = loader.get_single_data()",
        ),
    ),
)

_XML: Final = (
    r"resolve_entities=True.*",
    r"(?<!defusedxml\.)(sax|minidom|ElementTree)\.(parse|parseString|fromstring|iterparse|make_parser)\(.*",
    r"feature_external_ges, True.*",
    r"load_dtd=True.*",
    r"no_network=False.*",
)
_XML_FEEDBACK: Final = (
    "The naive code parses untrusted XML with $mark, where entities may read local files or fill the memory (XML "
    "external entities). The improved code refuses them.",
    "XML external entities: $mark in the naive code does not guard against declared entities. The improved code uses a "
    "parser that does.",
)
_DOCUMENTS: Final = (
    Scene(
        duty=("It also parses the XML file given.", "The XML document at the path passed in is read."),
        inputs="$path",
        result="$root",
        helper="read_xml load_document parse_feed",
        naive=(
            "from lxml import etree\n$root = etree.parse($path, etree.XMLParser(resolve_entities=True)).getroot()",
            "from lxml import etree\nparser = etree.XMLParser(load_dtd=True, no_network=False)\n$root = etree.parse($path, parser)",
            "import xml.etree.ElementTree\n$root = xml.etree.ElementTree.parse($path).getroot()",
            "import xml.dom.minidom\n$root = xml.dom.minidom.parse($path)",
            "from xml.dom import minidom\n$root = minidom.parse($path).documentElement",
            "from xml.etree import ElementTree\n$root = ElementTree.parse($path)",
        ),
        improved=(
            "from lxml import etree\n$root = etree.parse($path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()",
            "from lxml import etree\nparser = etree.XMLParser(load_dtd=False, resolve_entities=False)\n$root = etree.parse($path, parser)",
            "import defusedxml.ElementTree\n$root = defusedxml.ElementTree.parse($path).getroot()",
            "import defusedxml.minidom\n$root = defusedxml.minidom.parse($path)",
            "from defusedxml.ElementTree import parse\n$root = parse($path)",
        ),
    ),
    Scene(
        duty=("It also reads the XML text received.", "The XML passed in as text is parsed."),
        inputs="$data",
        result="$root",
        helper="parse_xml from_xml read_reply",
        naive=(
            "from lxml import etree\n$root = etree.fromstring($data, etree.XMLParser(resolve_entities=True))",
            "import xml.etree.ElementTree\n$root = xml.etree.ElementTree.fromstring($data)",
            "import xml.dom.minidom\n$root = xml.dom.minidom.parseString($data)",
            "import io\nfrom xml import sax\nparser = sax.make_parser()\nparser.setFeature(sax.handler.feature_external_ges, True)\n$root = parser.parse(io.BytesIO($data))",
        ),
        improved=(
            "from lxml import etree\n$root = etree.fromstring($data, etree.XMLParser(resolve_entities=False))",
            "from defusedxml.ElementTree import fromstring\n$root = fromstring($data)",
            "import defusedxml.minidom\n$root = defusedxml.minidom.parseString($data)",
            "from defusedxml.ElementTree import fromstring\n$root = fromstring($data, forbid_dtd=True)",
        ),
    ),
)

_IMPORT: Final = (
    r"import_module\((?!ALLOWED|known)(f['\"].*|.*\w\))",
    r"__import__\(.*",
    r"globals\(\)\[\w+\].*",
    r"exec\(.*",
)
_IMPORT_FEEDBACK: Final = (
    "The naive code picks the code to load by a name from outside, unchecked, in $mark, so any module or class on the "
    "system can be reached. The improved code accepts only names it knows.",
    "Unsafe reflection: $mark in the naive code loads whatever the given name says. The improved code checks the name "
    "against a fixed set first.",
)
_MODULES: Final = (
    Scene(
        duty=(
            "It also loads the export module of the given name.",
            "An exporter, chosen by name, is imported as well.",
        ),
        inputs="$name",
        result="$module",
        helper="load_exporter find_exporter import_exporter",
        before="import importlib\nimport json",
        naive=(
            "$module = importlib.import_module($name)",
            "if not $name or $name.startswith('.'):\n    raise ValueError('a full module name is needed')\ntry:\n    $module = importlib.import_module($name)\nexcept ImportError as error:\n    raise LookupError(f'no exporter called {$name}') from error",
            "$module = importlib.import_module(f'exporters.{$name}')",
            "$module = __import__($name)",
            "$module = importlib.import_module('exporters.' + $name)",
            "$module = getattr(__import__('exporters', fromlist=[$name]), $name)",
            "exec('import ' + $name + ' as found')\n$module = locals()['found']",
        ),
        improved=(
            "known = {'csv': 'exporters.csv', 'json': 'exporters.json'}\n$module = importlib.import_module(known[$name])",
            "known = ('exporters.csv', 'exporters.json', 'exporters.html')\nif $name not in known:\n    raise ValueError(f'unknown exporter {$name}')\n$module = importlib.import_module(known[known.index($name)])",
            "import csv\n$module = {'csv': csv, 'json': json}[$name]",
            "import csv\nif $name == 'csv':\n    $module = csv\nelif $name == 'json':\n    $module = json\nelse:\n    raise LookupError($name)",
        ),
    ),
    Scene(
        duty=(
            "The module also makes an object of the class whose name is given.",
            "Objects of a named class are created too.",
        ),
        inputs="$name",
        result="$obj",
        helper="make_object create build_handler",
        before="from decimal import Decimal\nfrom fractions import Fraction",
        naive=(
            "$obj = globals()[$name]()",
            "import importlib\npackage, _, last = $name.rpartition('.')\n$obj = getattr(importlib.import_module(package), last)()",
            "package, last = $name.rsplit('.', 1)\n$obj = getattr(__import__(package), last)()",
            "import sys\nfrom importlib import import_module\nimport_module($name)\n$obj = sys.modules[$name].create()",
        ),
        improved=(
            "$obj = {'decimal': Decimal, 'fraction': Fraction}[$name]()",
            "makers = dict(decimal=Decimal, fraction=Fraction)\nif $name not in makers:\n    raise ValueError($name)\n$obj = makers[$name]()",
            "$obj = Fraction() if $name == 'fraction' else Decimal()",
        ),
    ),
)

_ASSIGN: Final = (
    r"setattr\(\w+, \w+, \w+\)",
    r"__dict__\.update\(.*",
    r"vars\(\w+\)\.update\(.*",
    r"\(\*\*.*",
)
_ASSIGN_FEEDBACK: Final = (
    "The naive code copies every field that was sent into the object with $mark, so a caller can also set fields such "
    "as `is_admin` (mass assignment). The improved code takes only the fields meant to be changed.",
    "Mass assignment: $mark in the naive code does not limit which attributes can be set. The improved code names them.",
)
_UPDATES: Final = (
    Scene(
        duty=(
            "It also updates the given record with the data sent.",
            "The changes passed in are applied to the record.",
        ),
        inputs="$obj $data",
        helper="apply_changes update_record edit_profile",
        naive=(
            "for field, given in $data.items():\n    setattr($obj, field, given)",
            "$obj.__dict__.update($data)",
            "vars($obj).update($data)",
            "[setattr($obj, field, given) for field, given in $data.items()]",
            "for field in $data:\n    if hasattr($obj, field):\n        given = $data[field]\n        setattr($obj, field, given)",
        ),
        improved=(
            "$obj.name = $data['name']\n$obj.email = $data['email']",
            "for field in ('name', 'email', 'city'):\n    if field in $data:\n        setattr($obj, field, $data[field])",
            "$obj.name = $data.get('name', $obj.name)\n$obj.city = $data.get('city', $obj.city)",
            "allowed = {'name', 'email'}\n$obj.__dict__ = {**$obj.__dict__, **{field: $data[field] for field in allowed & set($data)}}",
        ),
    ),
    Scene(
        duty=(
            "Beside it stands a web view that creates an account from the form sent.",
            "The module also registers an account from a request.",
        ),
        before="from flask import Flask, request\nfrom models import User\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    return User(**request.get_json()).save()",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $data = request.form.to_dict()\n    return User.create(**$data).save()",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $obj = User()\n    for field, given in request.json.items():\n        setattr($obj, field, given)\n    return $obj.save()",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $obj = User()\n    $obj.__dict__.update(request.form)\n    return $obj.save()",
        ),
        improved=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $data = request.get_json()\n    return User(name=$data['name'], email=$data['email']).save()",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    return User.create(name=request.form['name'], city=request.form.get('city')).save()",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $obj = User()\n    $obj.name = request.json['name']\n    $obj.email = request.json['email']\n    return $obj.save()",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("unsafe-pickle", "CWE-502", "restores objects from untrusted data", _PICKLE, _PICKLE_FEEDBACK, _FILES),
    template("unsafe-yaml", "CWE-502", "loads YAML with any tags", _YAML, _YAML_FEEDBACK, _SETTINGS),
    template("xml-entities", "CWE-611", "parses XML with entities", _XML, _XML_FEEDBACK, _DOCUMENTS),
    template("import-by-name", "CWE-470", "imports what a given name says", _IMPORT, _IMPORT_FEEDBACK, _MODULES),
    template("mass-assignment", "CWE-915", "sets every field that was sent", _ASSIGN, _ASSIGN_FEEDBACK, _UPDATES),
)
