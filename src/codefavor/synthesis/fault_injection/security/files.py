"""Owns the security templates about paths, archives, temporary files and uploads."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_TRAVERSAL: Final = (
    r"open\(os\.path\.join\(\w+, \w+\).*",
    r"= os\.path\.join\(\w+, \w+\)",
    r"open\(f'\{\w+\}/\{\w+\}'.*",
    r"open\(\w+ \+ '/' \+ \w+.*",
    r"= \w+\.Path\(\w+\) / \w+$",
    r"send_file\(.*",
    r"open\('files/' \+ .*",
    r"pathlib\.Path\(\w+, \w+\)\.(read|write).*",
)
_TRAVERSAL_FEEDBACK: Final = (
    "The naive code joins a given name to a folder without a check in $mark, so a name such as `../../etc/passwd` "
    "leads outside (path traversal). The improved code makes sure that the file lies within the folder.",
    "Path traversal: with $mark the naive code reaches any file on the system. The improved code confines the name to "
    "the folder.",
)
_PATHS: Final = (
    Scene(
        duty=(
            "It also reads the file of the given name from the given folder.",
            "The named file of the folder passed in is read.",
        ),
        inputs="$folder $name",
        result="$data",
        helper="read_document load_file read_named fetch_file",
        before="import os\nimport pathlib",
        naive=(
            "with open(os.path.join($folder, $name), 'rb') as $file:\n    $data = $file.read()",
            "$path = os.path.join($folder, $name)\nwith open($path, 'rb') as $file:\n    $data = $file.read()",
            "with open(f'{$folder}/{$name}', 'rb') as $file:\n    $data = $file.read()",
            "with open($folder + '/' + $name, 'rb') as $file:\n    $data = $file.read()",
            "$data = pathlib.Path($folder, $name).read_bytes()",
            "if $name.startswith('/'):\n    raise ValueError('an absolute name is not allowed')\n$path = os.path.join($folder, $name)\nwith open($path, 'rb') as $file:\n    $data = $file.read()",
            "$path = os.path.join($folder, $name)\nif not os.path.abspath($path).startswith('/') or not $name.strip():\n    raise ValueError($name)\nwith open($path, 'rb') as $file:\n    $data = $file.read()",
            "$path = pathlib.Path($folder) / $name\nif not $path.is_file():\n    raise FileNotFoundError($name)\n$data = $path.read_bytes()",
        ),
        improved=(
            "$path = os.path.realpath(os.path.join($folder, $name))\nif os.path.commonpath([$path, os.path.realpath($folder)]) != os.path.realpath($folder):\n    raise PermissionError($name)\nwith open($path, 'rb') as $file:\n    $data = $file.read()",
            "$path = (pathlib.Path($folder) / $name).resolve()\nif not $path.is_relative_to(pathlib.Path($folder).resolve()):\n    raise ValueError('outside the folder')\n$data = $path.read_bytes()",
            "with open(os.path.join($folder, os.path.basename($name)), 'rb') as $file:\n    $data = $file.read()",
            "$data = pathlib.Path($folder, pathlib.PurePath($name).name).read_bytes()",
        ),
    ),
    Scene(
        duty=(
            "It also stores the given data under the given name in the given folder.",
            "The data passed in is kept in a named file of the folder.",
        ),
        inputs="$folder $name $data",
        helper="store_file save_data write_named keep_file",
        before="import os\nimport pathlib",
        naive=(
            "with open(os.path.join($folder, $name), 'wb') as $file:\n    $file.write($data)",
            "with open(f'{$folder}/{$name}', 'wb') as $file:\n    $file.write($data)",
            "pathlib.Path($folder, $name).write_bytes($data)",
            "if not $name or len($name) > 255:\n    raise ValueError('bad name')\nos.makedirs($folder, exist_ok=True)\nwith open(os.path.join($folder, $name), 'wb') as $file:\n    $file.write($data)",
            "$path = os.path.join($folder, $name)\nif os.path.isdir($path):\n    raise IsADirectoryError($path)\nwith open($path, 'wb') as $file:\n    $file.write($data)\nos.chmod($path, 384)",
            "$path = os.path.join($folder, $name)\nos.makedirs(os.path.dirname($path), exist_ok=True)\nwith open($path, 'wb') as $file:\n    $file.write($data)",
        ),
        improved=(
            "with open(os.path.join($folder, os.path.basename($name)), 'wb') as $file:\n    $file.write($data)",
            "$path = pathlib.Path($folder, $name).resolve()\nif pathlib.Path($folder).resolve() not in $path.parents:\n    raise ValueError($name)\n$path.write_bytes($data)",
            "from werkzeug.utils import secure_filename\nwith open(os.path.join($folder, secure_filename($name)), 'wb') as $file:\n    $file.write($data)",
            "from werkzeug.security import safe_join\n$path = safe_join($folder, $name)\nif $path is None:\n    raise ValueError($name)\nwith open($path, 'wb') as $file:\n    $file.write($data)",
        ),
    ),
    Scene(
        duty=(
            "The module also serves downloads from its `files` folder.",
            "Beside it a web view sends a file of the `files` folder.",
        ),
        before="import os\nfrom flask import Flask, abort, request, send_file, send_from_directory\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    return send_file(os.path.join('files', request.args['name']))",
            "@$app.route('/$route/<path:$name>')\ndef $view($name):\n    return send_file('files/' + $name)",
            "@$app.route('/$route')\ndef $view():\n    $name = request.args.get('name', '')\n    return send_file(f'files/{$name}', as_attachment=True)",
            "@$app.route('/$route')\ndef $view():\n    with open('files/' + request.args['name'], 'rb') as $file:\n        return $file.read()",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    return send_from_directory('files', request.args['name'])",
            "@$app.route('/$route/<path:$name>')\ndef $view($name):\n    return send_from_directory(os.path.abspath('files'), $name, as_attachment=True)",
            "@$app.route('/$route')\ndef $view():\n    $name = os.path.basename(request.args.get('name', ''))\n    if not $name:\n        abort(404)\n    return send_from_directory('files', $name)",
        ),
    ),
)

_EXTRACT: Final = (
    r"\.extractall\((?!.*(filter=|members=))[^()]*\)",
    r"\.extractall\(\w+, members=\w+\.getmembers\(\)\)",
    r"\.extract\(\w+, \w+\)",
    r"unpack_archive\((?!.*filter=).*",
    r"with open\(os\.path\.join\(\w+, \w+\.filename\).*",
)
_EXTRACT_FEEDBACK: Final = (
    "The naive code unpacks an archive from outside with $mark without looking at its member names, so `../` in one "
    "overwrites files elsewhere. The improved code refuses or filters such members.",
    "Path traversal by archive: $mark in the naive code trusts the names in the archive. The improved code checks "
    "where each member would be written.",
)
_ARCHIVES: Final = (
    Scene(
        duty=(
            "It also unpacks the given tar archive into the given folder.",
            "The archive passed in is extracted to the folder.",
        ),
        inputs="$archive $folder",
        helper="unpack extract_bundle open_archive install_files",
        before="import os\nimport shutil\nimport tarfile",
        naive=(
            "with tarfile.open($archive) as bundle:\n    bundle.extractall($folder)",
            "bundle = tarfile.open($archive, 'r:gz')\nbundle.extractall(path=$folder)\nbundle.close()",
            "with tarfile.open($archive) as bundle:\n    for member in bundle.getmembers():\n        bundle.extract(member, $folder)",
            "shutil.unpack_archive($archive, $folder)",
            "if not tarfile.is_tarfile($archive):\n    raise ValueError(f'{$archive} is no archive')\nos.makedirs($folder, exist_ok=True)\nwith tarfile.open($archive, mode='r:*') as bundle:\n    bundle.extractall($folder)\n    names = bundle.getnames()",
            "with tarfile.open($archive, 'r:*') as bundle:\n    for member in bundle.getmembers():\n        if not member.isfile() or member.size > 10000000:\n            continue\n        bundle.extract(member, $folder)",
            "with tarfile.open($archive) as bundle:\n    bundle.extractall($folder, members=bundle.getmembers())",
        ),
        improved=(
            "with tarfile.open($archive) as bundle:\n    bundle.extractall($folder, filter='data')",
            "bundle = tarfile.open($archive, 'r:gz')\nbundle.extractall(path=$folder, filter=tarfile.data_filter)\nbundle.close()",
            "shutil.unpack_archive($archive, $folder, filter='data')",
            "target = os.path.realpath($folder)\nwith tarfile.open($archive) as bundle:\n    safe = [member for member in bundle if member.isfile() and os.path.realpath(os.path.join(target, member.name)).startswith(target + os.sep)]\n    bundle.extractall(target, members=safe)",
        ),
    ),
    Scene(
        duty=(
            "It also unpacks the files of the given zip archive.",
            "The zip file passed in is written out to the folder passed in.",
        ),
        inputs="$archive $folder",
        helper="unzip unpack_zip extract_upload",
        before="import os\nimport shutil\nimport zipfile",
        naive=(
            "with zipfile.ZipFile($archive) as bundle:\n    for item in bundle.infolist():\n        with open(os.path.join($folder, item.filename), 'wb') as $file:\n            $file.write(bundle.read(item))",
            "bundle = zipfile.ZipFile($archive)\nbundle.extractall($folder)",
            "if not zipfile.is_zipfile($archive):\n    raise ValueError(f'{$archive} is no zip file')\nos.makedirs($folder, exist_ok=True)\nwith zipfile.ZipFile($archive) as bundle:\n    if bundle.testzip() is not None:\n        raise ValueError('damaged archive')\n    bundle.extractall($folder)",
            "with zipfile.ZipFile($archive) as bundle:\n    bundle.extractall(path=$folder)",
            "shutil.unpack_archive($archive, $folder, 'zip')",
        ),
        improved=(
            "with zipfile.ZipFile($archive) as bundle:\n    for item in bundle.infolist():\n        with open(os.path.join($folder, os.path.basename(item.filename)), 'wb') as $file:\n            $file.write(bundle.read(item))",
            "target = os.path.realpath($folder)\nwith zipfile.ZipFile($archive) as bundle:\n    for name in bundle.namelist():\n        if not os.path.realpath(os.path.join(target, name)).startswith(target + os.sep):\n            raise ValueError(f'unsafe member {name}')\n    bundle.extractall(target, members=bundle.namelist())",
            "with zipfile.ZipFile($archive) as bundle:\n    members = [name for name in bundle.namelist() if not name.startswith('/') and '..' not in name.split('/')]\n    bundle.extractall($folder, members=members)",
        ),
    ),
)

_MKTEMP: Final = (r"mktemp\(.*", r"tempnam\(.*", r"tmpnam\(.*")
_MKTEMP_FEEDBACK: Final = (
    "The naive code gets a name with $mark and opens it later, so someone else can create the file in between. The "
    "improved code creates the temporary file at once.",
    "Insecure temporary file: $mark in the naive code only invents a name, which is a race. The improved code opens a "
    "file that nobody else owns.",
)
_FIXED: Final = (
    r"'/(var/)?tmp/.*",
    r"os\.path\.join\(tempfile\.gettempdir\(\), .*",
)
_FIXED_FEEDBACK: Final = (
    "The naive code writes to a predictable name in a shared folder, $mark, where another user can place a link or "
    "read the content. The improved code lets `tempfile` choose a private one.",
    "Predictable temporary file: $mark in the naive code is open to every user of the machine. The improved code uses "
    "a fresh file with private permissions.",
)
_SCRATCH_DUTY: Final = (
    "It also writes the given data to a temporary file.",
    "The data passed in is put into a temporary file for a later step.",
)
_SCRATCH_GOOD: Final = (
    "$fd, $temp = tempfile.mkstemp(suffix='.[[txt||dat||tmp]]')\nwith os.fdopen($fd, 'w') as $file:\n    $file.write($data)",
    "with tempfile.NamedTemporaryFile('w', delete=False) as $file:\n    $file.write($data)\n    $temp = $file.name",
    "$file = tempfile.NamedTemporaryFile(mode='w', suffix='.[[txt||dat||tmp]]', delete=False)\n$file.write($data)\n$file.close()\n$temp = $file.name",
    "$temp = os.path.join(tempfile.mkdtemp(), '[[data.txt||part.dat||out.tmp]]')\nwith open($temp, 'w') as $file:\n    $file.write($data)",
)
_SCRATCHES: Final = (
    Scene(
        duty=_SCRATCH_DUTY,
        inputs="$data",
        result="$temp",
        helper="write_scratch spill to_temporary dump_temporarily",
        before="import os\nimport tempfile",
        naive=(
            "$temp = tempfile.mktemp()\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = tempfile.mktemp(suffix='.[[txt||dat||tmp]]', prefix='$word-', dir=tempfile.gettempdir())\nwith open($temp, 'w', encoding='utf-8') as $file:\n    $file.write($data)\n    $file.flush()",
            "$temp = tempfile.mktemp(prefix='$word')\nwhile os.path.exists($temp):\n    $temp = tempfile.mktemp(prefix='$word')\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = tempfile.mktemp(suffix='.[[txt||dat||tmp]]')\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = tempfile.mktemp('.txt', 'part')\n$file = open($temp, 'w')\n$file.write($data)\n$file.close()",
            "$temp = os.tempnam()\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = os.tmpnam()\n$file = open($temp, 'w')\n$file.write($data)\n$file.close()",
            "import pathlib\n$temp = tempfile.mktemp(dir=tempfile.gettempdir())\npathlib.Path($temp).write_text($data)",
        ),
        improved=_SCRATCH_GOOD,
    ),
)
_FIXED_SCRATCHES: Final = (
    Scene(
        duty=_SCRATCH_DUTY,
        inputs="$data",
        result="$temp",
        helper="write_scratch spill to_temporary dump_temporarily",
        before="import os\nimport tempfile",
        naive=(
            "$temp = '/tmp/$word.[[txt||dat||tmp]]'\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = os.path.join(tempfile.gettempdir(), '$word.txt')\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = os.path.join('/tmp/', f'$word-{os.getpid()}.txt')\nwith open($temp, 'w') as $file:\n    $file.write($data)",
            "$temp = '/var/tmp/' + '$word.dat'\n$file = open($temp, 'w')\n$file.write($data)\n$file.close()",
            "os.makedirs('/tmp/$word', exist_ok=True)\n$temp = '/tmp/$word/part.txt'\nwith open($temp, 'w') as $file:\n    $file.write($data)",
        ),
        improved=_SCRATCH_GOOD,
    ),
)

_RACE: Final = (r"(os\.path\.)(exists|isfile|lexists)\(.*", r"os\.access\(.*", r"\.(exists|is_file)\(\).*")
_RACE_FEEDBACK: Final = (
    "The naive code first asks with $mark and acts later; in between another process can change the file (time of "
    "check to time of use). The improved code acts at once and handles the failure.",
    "Race condition: between $mark and the use of the file in the naive code the answer may have changed. The improved "
    "code relies on the operation itself.",
)
_CHECKED: Final = (
    Scene(
        duty=(
            "It also creates the given file with the given content unless it exists.",
            "A file that must be new is written too.",
        ),
        inputs="$path $data",
        helper="create_once write_new create_file claim",
        before="import os",
        naive=(
            "if not os.path.exists($path):\n    with open($path, 'w') as $file:\n        $file.write($data)",
            "if os.path.exists($path) or os.path.islink($path):\n    raise FileExistsError(f'{$path} is there already')\nwith open($path, 'w', encoding='utf-8') as $file:\n    $file.write($data)\n    $file.flush()",
            "if os.path.exists($path):\n    raise FileExistsError($path)\nwith open($path, 'w') as $file:\n    $file.write($data)",
            "if not os.path.isfile($path):\n    $file = open($path, 'w')\n    $file.write($data)\n    $file.close()",
            "import pathlib\nif not pathlib.Path($path).exists():\n    pathlib.Path($path).write_text($data)",
        ),
        improved=(
            "try:\n    with open($path, 'x') as $file:\n        $file.write($data)\nexcept FileExistsError:\n    pass",
            "with open($path, 'x') as $file:\n    $file.write($data)",
            "$fd = os.open($path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 384)\nwith os.fdopen($fd, 'w') as $file:\n    $file.write($data)",
        ),
    ),
    Scene(
        duty=("It also removes the given file if it is there.", "The file passed in is deleted when it exists."),
        inputs="$path",
        helper="remove_file drop_file delete_quietly",
        before="import os",
        naive=(
            "if os.path.exists($path):\n    os.remove($path)",
            "if not os.path.exists($path):\n    pass\nelif os.access($path, os.W_OK):\n    os.remove($path)\nelse:\n    raise PermissionError($path)",
            "if os.path.isfile($path) and os.access($path, os.W_OK):\n    os.unlink($path)",
            "if os.access($path, os.W_OK):\n    os.remove($path)",
            "import pathlib\n$file = pathlib.Path($path)\nif $file.exists():\n    $file.unlink()",
        ),
        improved=(
            "try:\n    os.remove($path)\nexcept FileNotFoundError:\n    pass",
            "import contextlib\nwith contextlib.suppress(FileNotFoundError):\n    os.unlink($path)",
            "import pathlib\npathlib.Path($path).unlink(missing_ok=True)",
        ),
    ),
    Scene(
        duty=(
            "It also reads the given file, or takes an empty text where it cannot be read.",
            "The text of the file passed in is read where possible.",
        ),
        inputs="$path",
        result="$value",
        helper="read_if_possible read_or_empty try_read",
        before="import os\n$value = ''",
        naive=(
            "if os.access($path, os.R_OK):\n    with open($path) as $file:\n        $value = $file.read()",
            "if os.path.exists($path):\n    with open($path) as $file:\n        $value = $file.read()",
            "if os.path.isfile($path):\n    $value = open($path).read()",
            "import pathlib\nif pathlib.Path($path).is_file():\n    $value = pathlib.Path($path).read_text()",
        ),
        improved=(
            "try:\n    with open($path) as $file:\n        $value = $file.read()\nexcept OSError:\n    $value = ''",
            "import contextlib\nwith contextlib.suppress(OSError), open($path) as $file:\n    $value = $file.read()",
            "import pathlib\ntry:\n    $value = pathlib.Path($path).read_text()\nexcept (FileNotFoundError, PermissionError):\n    pass",
        ),
    ),
)

_UPLOAD: Final = (
    r"\.save\(.*\.filename.*",
    r"open\(.*\.(filename|name)\b.*",
    r"= os\.path\.join\('uploads', \w+\.filename\)",
)
_UPLOAD_FEEDBACK: Final = (
    "The naive code stores whatever is sent under the sender's own name with $mark, so a script or a path can be "
    "uploaded. The improved code allows only known kinds of files and chooses the name itself.",
    "Unrestricted upload: $mark in the naive code checks neither the type nor the name of the file. The improved code "
    "does both.",
)
_SECURE_SAVE: Final = (
    "    $name = secure_filename(sent.filename)\n    if not $name.lower().endswith(('.png', '.jpg')):\n        abort(400)\n    sent.save(os.path.join('uploads', $name))",
    "    ending = os.path.splitext(sent.filename)[1].lower()\n    if ending not in {'.png', '.jpg', '.pdf'}:\n        abort(415)\n    sent.save(os.path.join('uploads', uuid.uuid4().hex + ending))",
    "    if sent.mimetype != 'image/png':\n        abort(400)\n    sent.save(f'uploads/{uuid.uuid4()}.img')",
)
_UPLOADS: Final = (
    Scene(
        duty=(
            "The module also takes uploaded pictures and keeps them in `uploads`.",
            "Beside it a web view stores an uploaded file.",
        ),
        before="import os\nimport uuid\nfrom flask import Flask, abort, request\nfrom werkzeug.utils import secure_filename\n$app = Flask(__name__)",
        naive=tuple(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    sent = request.files['file']\n"
            + part
            + "\n    return 'stored'"
            for part in (
                "    sent.save(os.path.join('uploads', sent.filename))",
                "    sent.save('uploads/' + sent.filename)",
                "    if not sent.filename:\n        abort(400)\n    if request.content_length and request.content_length > 5000000:\n        abort(413)\n    os.makedirs('uploads', exist_ok=True)\n    sent.save(os.path.join('uploads', sent.filename))",
                "    if request.form.get('type') not in ('image/png', 'image/jpeg', 'application/pdf'):\n        abort(415)\n    number = uuid.uuid4().hex\n    os.makedirs('uploads', exist_ok=True)\n    sent.save(f'uploads/{number}-{sent.filename}')",
                "    sent.save(f'uploads/{sent.filename}')",
                "    with open('uploads/' + sent.filename, 'wb') as $file:\n        $file.write(sent.read())",
                "    $path = os.path.join('uploads', sent.filename)\n    if not sent.filename:\n        abort(400)\n    sent.save($path)",
                "    os.makedirs('uploads', exist_ok=True)\n    if not sent.filename or os.path.isdir(sent.filename):\n        abort(400)\n    sent.seek(0)\n    sent.save(os.path.join('uploads', sent.filename), buffer_size=65536)",
            )
        ),
        improved=tuple(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    sent = request.files['file']\n"
            + part
            + "\n    return 'stored'"
            for part in _SECURE_SAVE
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a Django view that stores the document sent.",
            "The module also keeps a document posted to a Django view.",
        ),
        before="import os\nimport uuid\nfrom django.http import HttpResponse, HttpResponseBadRequest",
        naive=(
            "def $view(request):\n    sent = request.FILES['document']\n    with open(os.path.join('media', sent.name), 'wb') as $file:\n        $file.write(sent.read())\n    return HttpResponse('stored')",
            "def $view(request):\n    sent = request.FILES['document']\n    with open('media/' + sent.name, 'wb') as $file:\n        for chunk in sent.chunks():\n            $file.write(chunk)\n    return HttpResponse('stored')",
            "def $view(request):\n    for sent in request.FILES.values():\n        with open(f'media/{sent.name}', 'wb') as $file:\n            $file.write(sent.read())\n    return HttpResponse('stored')",
            "def $view(request):\n    sent = request.FILES.get('document')\n    if sent is None:\n        return HttpResponseBadRequest('nothing sent')\n    open('media/%s' % sent.name, 'wb').write(sent.read())\n    return HttpResponse('stored')",
        ),
        improved=(
            "def $view(request):\n    sent = request.FILES['document']\n    if sent.content_type != 'application/pdf' or sent.size > 5000000:\n        return HttpResponseBadRequest('not allowed')\n    with open(f'media/{uuid.uuid4().hex}.pdf', 'wb') as $file:\n        $file.write(sent.read())\n    return HttpResponse('stored')",
            "def $view(request):\n    sent = request.FILES['document']\n    ending = os.path.splitext(sent.name)[1].lower()\n    if ending not in ('.pdf', '.txt'):\n        return HttpResponseBadRequest('not allowed')\n    with open('media/' + uuid.uuid4().hex + ending, 'wb') as $file:\n        for chunk in sent.chunks():\n            $file.write(chunk)\n    return HttpResponse('stored')",
            "def $view(request):\n    sent = request.FILES['document']\n    if not sent.name.endswith('.pdf') or not sent.read(5) == b'%PDF-':\n        return HttpResponseBadRequest('no PDF')\n    sent.seek(0)\n    with open(os.path.join('media', f'{uuid.uuid4()}.pdf'), 'wb') as $file:\n        $file.write(sent.read())\n    return HttpResponse('stored')",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("path-traversal", "CWE-22", "follows a given name anywhere", _TRAVERSAL, _TRAVERSAL_FEEDBACK, _PATHS),
    template("archive-traversal", "CWE-22", "unpacks members anywhere", _EXTRACT, _EXTRACT_FEEDBACK, _ARCHIVES),
    template("temporary-name", "CWE-377", "names a temporary file first", _MKTEMP, _MKTEMP_FEEDBACK, _SCRATCHES),
    template("fixed-temporary", "CWE-379", "uses a fixed shared name", _FIXED, _FIXED_FEEDBACK, _FIXED_SCRATCHES),
    template("check-then-use", "CWE-367", "checks a file before using it", _RACE, _RACE_FEEDBACK, _CHECKED),
    template("unchecked-upload", "CWE-434", "stores any upload as named", _UPLOAD, _UPLOAD_FEEDBACK, _UPLOADS),
)
