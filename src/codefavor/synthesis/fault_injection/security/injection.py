"""Owns the security templates in which given text becomes a command or code."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_SHELL: Final = (
    r"shell=True",
    r"os\.system\(.*",
    r"os\.popen\(.*",
    r"(commands|subprocess)\.get(status)?output\(.*",
    r"\['(ba)?sh', '-c'.*",
)
_SHELL_FEEDBACK: Final = (
    "The naive code builds a command line from given text and hands it to a shell in $mark, so that text such as "
    "`; rm -rf ~` runs further commands (command injection). The improved code passes a list of arguments without a "
    "shell.",
    "With $mark the naive code is open to command injection: the shell interprets whatever the given value contains. "
    "The improved code starts the program directly, and the value stays one argument.",
    "Command injection: a crafted value reaches a shell in the naive code through $mark. The improved code needs no "
    "shell, because each argument is an item of a list.",
)
_EVAL: Final = (r"(?<![\w.])eval\(.*", r"(?<![\w.])exec\(.*", r"compile\(.*")
_EVAL_FEEDBACK: Final = (
    "The naive code runs given text as Python code with $mark, which lets whoever supplies the text execute anything. "
    "The improved code only accepts plain data.",
    "Code injection: $mark in the naive code evaluates untrusted text. The improved code gets the same value without "
    "executing anything.",
)
_DISPATCH_FEEDBACK: Final = (
    "The naive code turns a given name into code and runs it with $mark, so any expression can be executed. The "
    "improved code looks the name up among known choices.",
    "Code injection: the naive code evaluates text that holds a given value in $mark. The improved code never "
    "executes text, it selects from what it allows.",
)
_COMMANDS: Final = (
    Scene(
        duty=(
            "It also runs the external converter on the given file.",
            "Before that, the file passed in is handed to an external program.",
        ),
        inputs="$path",
        helper="convert_file run_converter process_file launch_converter",
        before="import os\nimport subprocess",
        naive=(
            "os.system('$tool ' + $path)",
            "os.system(f'$tool {$path}')",
            "os.system('$tool %s' % $path)",
            "subprocess.run(f'$tool {$path}', shell=True, check=True)",
            "subprocess.call('$tool ' + $path, shell=True)",
            "subprocess.check_call('$tool {}'.format($path), shell=True)",
            "$command = f'$tool \"{$path}\"'\nsubprocess.Popen($command, shell=True).wait()",
            "$command = ' '.join(['$tool', $path])\nos.system($command)",
            "subprocess.run(['sh', '-c', '$tool ' + $path], check=True)",
        ),
        improved=(
            "subprocess.run(['$tool', $path], check=True)",
            "subprocess.check_call(['$tool', $path])",
            "$command = ['$tool', str($path)]\nsubprocess.run($command, shell=False, check=True)",
            "subprocess.call(['$tool', '--', $path])",
            "subprocess.Popen(['$tool', $path], stdin=subprocess.DEVNULL).wait()",
        ),
    ),
    Scene(
        duty=(
            "It also checks whether the given host answers a ping.",
            "The host given is pinged once as well.",
        ),
        inputs="$host",
        result="$flag",
        helper="ping is_reachable check_host host_answers",
        before="import os\nimport subprocess",
        naive=(
            "$flag = os.system('ping -c 1 ' + $host) == 0",
            "$flag = os.system(f'ping -c [[1||2||4]] {$host} > /dev/null 2>&1') == 0",
            "$flag = subprocess.call('ping -c 1 %s' % $host, shell=True) == 0",
            "$flag = subprocess.run(f'ping -c 1 -W 2 {$host}', shell=True, capture_output=True).returncode == 0",
            "$flag = 'ttl=' in os.popen('ping -c 1 ' + $host).read()",
            "$flag = subprocess.Popen('ping -c 1 ' + $host, shell=True).wait() == 0",
        ),
        improved=(
            "$flag = subprocess.call(['ping', '-c', '1', $host]) == 0",
            "$flag = subprocess.run(['ping', '-c', '[[1||2||4]]', $host], capture_output=True).returncode == 0",
            "$flag = subprocess.run(['ping', '-c', '1', '-W', '2', $host], stdout=subprocess.DEVNULL,"
            " stderr=subprocess.DEVNULL, check=False).returncode == 0",
            "$command = ['ping', '-c', '1', $host]\n$flag = subprocess.Popen($command).wait() == 0",
        ),
    ),
    Scene(
        duty=(
            "It also removes the given working folder with all its contents.",
            "The folder passed in is deleted together with everything in it.",
        ),
        inputs="$folder",
        helper="clean_up remove_folder clear_workdir drop_folder",
        before="import os\nimport shutil\nimport subprocess",
        naive=(
            "os.system('rm -rf ' + $folder)",
            "os.system(f'rm -rf {$folder}')",
            "subprocess.run('rm -rf %s' % $folder, shell=True)",
            "subprocess.call('rm -r {}'.format($folder), shell=True)",
            "os.popen('rm -rf ' + $folder).close()",
        ),
        improved=(
            "shutil.rmtree($folder)",
            "shutil.rmtree($folder, ignore_errors=True)",
            "if os.path.isdir($folder):\n    shutil.rmtree($folder)",
            "subprocess.run(['rm', '-rf', '--', $folder], check=True)",
        ),
    ),
    Scene(
        duty=(
            "It also packs the given folder into an archive of the given name.",
            "A compressed copy of the folder is written under the name passed in.",
        ),
        inputs="$folder $archive",
        helper="pack_folder make_archive back_up",
        before="import os\nimport subprocess\nsubprocess.run(['tar', '--version'], check=False)",
        naive=(
            "os.system(f'tar czf {$archive} {$folder}')",
            "os.system('tar czf ' + $archive + ' ' + $folder)",
            "subprocess.run('tar czf %s %s' % ($archive, $folder), shell=True, check=True)",
            "subprocess.Popen('tar czf {} {}'.format($archive, $folder), shell=True).communicate()",
        ),
        improved=(
            "subprocess.run(['tar', 'czf', $archive, $folder], check=True)",
            "subprocess.Popen(['tar', 'czf', $archive, '--', $folder]).communicate()",
            "subprocess.check_output(['tar', '-c', '-z', '-f', str($archive), str($folder)])",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a web view that looks up the domain given in the query string.",
            "The module also serves a page with the name-server entry of a domain.",
        ),
        before="import os\nimport subprocess\nfrom flask import Flask, request\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    $host = request.args.get('host', '')\n"
            "    return os.popen('nslookup ' + $host).read()",
            "@$app.route('/$route')\ndef $view():\n    $host = request.args['host']\n"
            "    return subprocess.check_output(f'nslookup {$host}', shell=True, text=True)",
            "@$app.route('/$route')\ndef $view():\n    $host = request.args.get('host', 'localhost')\n"
            "    $out = subprocess.run('nslookup %s' % $host, shell=True, capture_output=True)\n"
            "    return $out.stdout.decode()",
            "@$app.get('/$route')\ndef $view():\n    $host = request.args.get('host', '')\n"
            "    return subprocess.getoutput('nslookup ' + $host)",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    $host = request.args.get('host', '')\n"
            "    return subprocess.check_output(['nslookup', $host], text=True)",
            "@$app.route('/$route')\ndef $view():\n    $host = request.args['host']\n"
            "    $out = subprocess.run(['nslookup', $host], capture_output=True, check=False)\n"
            "    return $out.stdout.decode()",
            "@$app.get('/$route')\ndef $view():\n    $host = request.args.get('host', 'localhost')\n"
            "    if not $host.replace('.', '').replace('-', '').isalnum():\n        return ('bad host', 400)\n"
            "    return subprocess.run(['nslookup', $host], capture_output=True, text=True).stdout",
        ),
    ),
)

_OUTPUTS: Final = (
    Scene(
        duty=(
            "It also lists what is in the given folder, as the system's `ls` prints it.",
            "The listing of the folder passed in is read too.",
        ),
        inputs="$folder",
        result="$out",
        helper="list_folder folder_listing show_files",
        before="import os\nimport subprocess",
        naive=(
            "$out = os.popen('ls -l ' + $folder).read()",
            "stream = os.popen('ls -l -a ' + $folder, 'r')\n$out = stream.read()\nstream.close()",
            "$command = f'ls -l {$folder} | sort | head -n [[20||50]]'\n$out = subprocess.run($command, shell=True, stdout=subprocess.PIPE, check=False).stdout.decode()",
            "$out = os.popen(f'ls -la {$folder}').read()",
            "$out = subprocess.getoutput('ls -l %s' % $folder)",
            "$out = subprocess.getstatusoutput(f'ls -l {$folder}')[1]",
            "$out = subprocess.check_output('ls -l ' + $folder, shell=True).decode()",
            "import commands\n$out = commands.getoutput('ls -l ' + $folder)",
            "$out = subprocess.Popen('ls -l ' + $folder, shell=True, stdout=subprocess.PIPE).communicate()[0]",
        ),
        improved=(
            "$out = subprocess.check_output(['ls', '-l', $folder]).decode()",
            "$out = subprocess.run(['ls', '-l', $folder], capture_output=True, text=True, check=True).stdout",
            "$out = subprocess.Popen(['ls', '-l', $folder], stdout=subprocess.PIPE).communicate()[0]",
            "$out = '\\n'.join(sorted(os.listdir($folder)))",
        ),
    ),
    Scene(
        duty=(
            "It also finds the lines of the given file that contain the given word.",
            "The file passed in is searched for the text passed in.",
        ),
        inputs="$value $path",
        result="$out",
        helper="search_file grep_file matching_lines",
        before="import os\nimport shlex\nimport subprocess",
        naive=(
            "$out = os.popen(f\"grep '{$value}' {$path}\").read()",
            "$out = os.popen('grep ' + $value + ' ' + $path).readlines()",
            "$out = subprocess.check_output('grep \"%s\" %s' % ($value, $path), shell=True)",
            "$out = subprocess.run(f'grep {$value} {$path}', shell=True, capture_output=True, text=True).stdout",
            "$out = subprocess.getoutput('grep {} {}'.format($value, $path))",
        ),
        improved=(
            "$out = subprocess.run(['grep', '-e', $value, '--', $path], capture_output=True, text=True).stdout",
            "$out = subprocess.check_output(['grep', '-F', $value, $path])",
            "$out = subprocess.run(shlex.split('grep -F -e') + [$value, $path], capture_output=True).stdout",
            "with open($path, encoding='utf-8') as $file:\n    $out = [line for line in $file if $value in line]",
        ),
    ),
    Scene(
        duty=(
            "It also reads the last commits of the given branch.",
            "The history of the branch passed in is fetched from git.",
        ),
        inputs="$name",
        result="$out",
        helper="read_history last_commits branch_log",
        before="import os\nimport subprocess\n$user = subprocess.check_output(['git', 'config', 'user.name'], text=True)",
        naive=(
            "$out = os.popen('git log --oneline ' + $name).read()",
            "$command = 'git log --oneline --no-merges -n [[5||10||20]] ' + $name\n$out = subprocess.check_output($command, shell=True, stderr=subprocess.STDOUT, text=True)",
            "$out = subprocess.check_output(f'git log -n [[5||10||20]] {$name}', shell=True, text=True)",
            "$out = subprocess.run('git log %s' % $name, shell=True, stdout=subprocess.PIPE).stdout",
            "$out = subprocess.getoutput(f'git log --oneline {$name}')",
        ),
        improved=(
            "$out = subprocess.check_output(['git', 'log', '--oneline', $name], text=True)",
            "$out = subprocess.run(['git', 'log', '-n', '[[5||10||20]]', $name, '--'], stdout=subprocess.PIPE).stdout",
            "$command = ['git', 'log', '--oneline']\n$command.append($name)\n"
            "$out = subprocess.check_output($command, text=True)",
        ),
    ),
)

_EVALUATED: Final = (
    Scene(
        duty=(
            "It also reads the given text as a Python literal, such as a list of numbers.",
            "The text passed in holds a literal, which is turned into a value.",
        ),
        inputs="$value",
        result="$out",
        helper="parse_literal read_value to_value parse_setting",
        naive=(
            "$out = eval($value)",
            "$out = eval($value, {})",
            "$out = eval($value, {'__builtins__': {}}, {})",
            "$out = eval(compile($value, '<input>', 'eval'))",
            "try:\n    $out = eval($value.strip())\nexcept Exception:\n    $out = None",
            "$config = {}\nexec('value = ' + $value, $config)\n$out = $config['value']",
        ),
        improved=(
            "import ast\n$out = ast.literal_eval($value)",
            "from ast import literal_eval\n$out = literal_eval($value)",
            "import ast\ntry:\n    $out = ast.literal_eval($value.strip())\nexcept (ValueError, SyntaxError):\n    $out = None",
            "import json\n$out = json.loads($value)",
        ),
    ),
    Scene(
        duty=(
            "It also reads the settings stored in the given file.",
            "A dictionary of settings is loaded from the file passed in.",
        ),
        inputs="$path",
        result="$config",
        helper="load_settings read_config load_options",
        before="import ast\nimport json\nwith open($path, encoding='utf-8') as $file:\n    $data = $file.read()",
        naive=(
            "$config = eval($data)",
            "$config = {}\nexec($data, $config)",
            "$config = dict(eval($data, {}, {}))",
            "$config = {}\nfor line in $data.splitlines():\n    $key, _, text = line.partition('=')\n    $config[$key.strip()] = eval(text)",
        ),
        improved=(
            "$config = ast.literal_eval($data)",
            "$config = json.loads($data)",
            "$config = dict(ast.literal_eval($data))",
            "$config = {}\nfor line in $data.splitlines():\n    $key, _, text = line.partition('=')\n"
            "    $config[$key.strip()] = ast.literal_eval(text.strip())",
        ),
    ),
    Scene(
        duty=(
            "The module also has a web view that takes a number from the request and doubles it.",
            "Beside it there is a page that doubles the number sent with the request.",
        ),
        before="from flask import Flask, request, jsonify\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $value = eval(request.form['number'])\n    return jsonify(result=$value * 2)",
            "@$app.route('/$route')\ndef $view():\n    return jsonify(result=eval(request.args.get('number', '0')) * 2)",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args['number']\n    return jsonify(result=eval($value + ' * 2'))",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args['number']\n    return jsonify(result=eval(f'{$value} * 2'))",
        ),
        improved=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $value = float(request.form['number'])\n    return jsonify(result=$value * 2)",
            "@$app.route('/$route')\ndef $view():\n    return jsonify(result=request.args.get('number', 0, type=int) * 2)",
            "@$app.route('/$route')\ndef $view():\n    try:\n        $value = int(request.args['number'])\n"
            "    except ValueError:\n        return (jsonify(error='not a number'), 400)\n    return jsonify(result=$value * 2)",
        ),
    ),
    Scene(
        duty=("It also asks the user for a number and keeps it.", "A number is read from the terminal as well."),
        result="$limit",
        helper="ask_number read_number ask_limit",
        naive=(
            "$limit = eval(input('[[How many? ||Number: ||> ]]'))",
            "$value = input('Number: ')\n$limit = eval($value)",
            "$limit = int(eval(input('Limit: ')))",
            "$limit = eval(input('Number: ').strip() or '0')",
        ),
        improved=(
            "$limit = int(input('[[How many? ||Number: ||> ]]'))",
            "$value = input('Number: ')\n$limit = float($value)",
            "import ast\n$limit = ast.literal_eval(input('Number: '))",
        ),
    ),
)

_DISPATCHED: Final = (
    Scene(
        duty=(
            "It also calls the method of the given object whose name is given.",
            "The named method of the object passed in is called as well.",
        ),
        inputs="$obj $name",
        result="$out",
        helper="call_method run_action dispatch invoke",
        naive=(
            "$out = eval('$obj.' + $name + '()')",
            "if not $name:\n    raise ValueError('the name of an action is needed')\n$out = eval('$obj.' + $name.strip() + '()')",
            "try:\n    $out = eval(f'$obj.{$name}()')\nexcept AttributeError:\n    raise ValueError(f'unknown action {$name}') from None",
            "$out = eval(f'$obj.{$name}()')",
            "$out = eval('$obj.%s()' % $name)",
            "$config = {'target': $obj}\nexec(f'found = target.{$name}()', $config)\n$out = $config['found']",
        ),
        improved=(
            "$out = getattr($obj, $name)()",
            "if $name.startswith('_'):\n    raise AttributeError($name)\n$out = getattr($obj, $name)()",
            "if $name not in {'start', 'stop', 'status', 'refresh'}:\n    raise ValueError(f'unknown action {$name}')\n$out = getattr($obj, $name)()",
        ),
    ),
    Scene(
        duty=(
            "It also applies the operation with the given name to two numbers.",
            "A named arithmetic operation is carried out on the two numbers of a pair too.",
        ),
        inputs="$name $data",
        result="$out",
        helper="calculate apply_operation compute",
        before="import math\nimport operator\nleft, right = $data",
        naive=(
            "$out = eval(f'{left} {$name} {right}')",
            "try:\n    $out = eval(f'{left} {$name} {right}', {'__builtins__': {}, 'math': math})\nexcept (ZeroDivisionError, SyntaxError) as error:\n    raise ValueError(f'cannot compute: {error}') from error",
            "scope = {'left': left, 'right': right, 'operator': operator, 'math': math}\n$out = eval('left ' + $name + ' right', scope)",
            "$out = eval(str(left) + $name + str(right))",
            "$out = eval('operator.%s(left, right)' % $name)",
            "$out = eval('left {} right'.format($name))",
            "scope = {'left': left, 'right': right}\nexec('answer = left ' + $name + ' right', scope)\n$out = scope['answer']",
        ),
        improved=(
            "operations = {'+': operator.add, '-': operator.sub, '*': operator.mul, '/': operator.truediv}\n$out = operations[$name](left, right)",
            "if $name == '+':\n    $out = left + right\nelif $name == '-':\n    $out = left - right\nelse:\n    raise ValueError($name)",
            "$out = {'add': operator.add, 'sub': operator.sub, 'pow': math.pow}[$name](left, right)",
        ),
    ),
    Scene(
        duty=(
            "It also keeps those items for which the given field has the given value.",
            "The items passed in are filtered by one of their fields.",
        ),
        inputs="$items $key $value",
        result="$out",
        helper="filter_items select_items only_matching",
        naive=(
            "$out = [item for item in $items if eval('item.' + $key) == $value]",
            "$out = [item for item in $items if eval(f'item.{$key} == {$value!r}')]",
            "$out = list(filter(eval(f'lambda item: item.{$key} == {$value!r}'), $items))",
            "$out = [item for item in $items if eval('item.%s' % $key) == $value]",
        ),
        improved=(
            "$out = [item for item in $items if getattr(item, $key) == $value]",
            "$out = [item for item in $items if getattr(item, $key, None) == $value]",
            "from operator import attrgetter\nfield_of = attrgetter($key)\n$out = list(filter(lambda item: field_of(item) == $value, $items))",
            "$out = []\nfor item in $items:\n    if vars(item).get($key) == $value:\n        $out.append(item)",
        ),
    ),
    Scene(
        duty=(
            "It also sets the named attribute of the given object to the given value.",
            "One attribute of the object, named by the caller, is changed.",
        ),
        inputs="$obj $key $value",
        helper="set_field update_attribute assign",
        naive=(
            "exec('$obj.' + $key + ' = $value')",
            "if $key.startswith('_'):\n    raise AttributeError(f'{$key} is private')\nexec('$obj.%s = %r' % ($key, $value))",
            "exec(f'$obj.{$key} = {$value!r}')",
            "exec('$obj.%s = %r' % ($key, $value))",
            "exec(compile(f'$obj.{$key} = $value', '<set>', 'exec'))",
        ),
        improved=(
            "setattr($obj, $key, $value)",
            "if not hasattr($obj, $key):\n    raise AttributeError($key)\nsetattr($obj, $key, $value)",
            "if $key in ('name', 'title', 'email'):\n    setattr($obj, $key, $value)",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("shell-command", "CWE-78", "runs a command line through a shell", _SHELL, _SHELL_FEEDBACK, _COMMANDS),
    template("shell-output", "CWE-78", "reads a shell command's output", _SHELL, _SHELL_FEEDBACK, _OUTPUTS),
    template("evaluated-input", "CWE-95", "evaluates given text as code", _EVAL, _EVAL_FEEDBACK, _EVALUATED),
    template("evaluated-name", "CWE-95", "builds code from a name", _EVAL, _DISPATCH_FEEDBACK, _DISPATCHED),
)
