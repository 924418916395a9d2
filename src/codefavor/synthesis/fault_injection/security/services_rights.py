"""Owns the security templates of file permissions, programs and the rights they run with."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_MODE: Final = (
    r"chmod\(.*(511|438|S_IRWXU \| .*S_IRWXO|S_IWOTH).*",
    r"'(chmod|mkdir)', .*'(0?777|0?666|a\+rwx?|o\+w)'.*",
    r"(mode=|, )(511|438)\b.*",
)
_MODE_FEEDBACK: Final = (
    "The naive code lets every user of the machine read and write, in $mark. The improved code gives the rights to the "
    "owner only.",
    "Excessive permissions: $mark in the naive code opens the file or folder to everybody. The improved code keeps it "
    "private.",
)
_MODES: Final = (
    Scene(
        duty=("It also sets the permissions of the given file.", "The rights of the file passed in are set."),
        inputs="$path",
        helper="set_mode fix_permissions set_rights",
        before="import os\nimport pathlib\nimport stat\nimport subprocess",
        naive=(
            "os.chmod($path, 0o777)",
            "os.chmod($path, [[0o777||0o666]])",
            "pathlib.Path($path).chmod([[0o666||0o777]])",
            "os.chmod($path, stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)",
            "$flag = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH\nos.chmod($path, $flag | stat.S_IWOTH)",
            "subprocess.run(['chmod', '[[777||0777||666||a+rw||a+rwx||o+w]]', $path], check=True)",
        ),
        improved=(
            "os.chmod($path, 0o600)",
            "os.chmod($path, [[0o600||0o640||0o400]])",
            "pathlib.Path($path).chmod([[0o600||0o640]])",
            "os.chmod($path, stat.S_IRUSR | stat.S_IWUSR)",
            "$flag = stat.S_IMODE(os.stat($path).st_mode)\nos.chmod($path, $flag & ~(stat.S_IRWXG | stat.S_IRWXO))",
            "subprocess.run(['chmod', '[[600||go-rwx||u=rw,go=]]', '--', $path], check=True)",
        ),
    ),
    Scene(
        duty=("It also creates the given folder.", "The folder passed in is made where it is absent."),
        inputs="$folder",
        helper="make_folder ensure_folder create_folder",
        before="import os\nimport pathlib",
        naive=(
            "os.makedirs($folder, mode=0o777, exist_ok=True)",
            "os.makedirs($folder, exist_ok=True)\nos.chmod($folder, 0o777)",
            "pathlib.Path($folder).mkdir(mode=[[0o777||0o666]], parents=True, exist_ok=True)",
            "if not os.path.isdir($folder):\n    os.mkdir($folder)\n    os.chmod($folder, [[0o777||0o666]])",
        ),
        improved=(
            "os.makedirs($folder, mode=0o700, exist_ok=True)",
            "pathlib.Path($folder).mkdir(mode=[[0o700||0o750]], parents=True, exist_ok=True)",
            "os.makedirs($folder, exist_ok=True)\nos.chmod($folder, [[0o700||0o750]])",
        ),
    ),
    Scene(
        duty=("It also writes the given key into the given file.", "The data passed in is stored as a key file."),
        inputs="$path $data",
        helper="write_key store_key save_private_key",
        before="import os\nimport pathlib",
        naive=(
            "with os.fdopen(os.open($path, os.O_WRONLY | os.O_CREAT, 0o666), 'wb') as $file:\n    $file.write($data)",
            "pathlib.Path($path).write_bytes($data)\nos.chmod($path, [[0o777||0o666]])",
            "with open($path, 'wb') as $file:\n    $file.write($data)\n    os.fchmod($file.fileno(), [[0o666||0o777]])",
            "pathlib.Path($path).touch(mode=[[0o666||0o777]])\nwith open($path, 'wb') as $file:\n    $file.write($data)",
        ),
        improved=(
            "with os.fdopen(os.open($path, os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as $file:\n    $file.write($data)",
            "pathlib.Path($path).touch(mode=0o600)\npathlib.Path($path).write_bytes($data)",
            "with open($path, 'wb') as $file:\n    os.fchmod($file.fileno(), [[0o600||0o400]])\n    $file.write($data)",
            "with open($path, 'wb', opener=lambda name, how: os.open(name, how, 0o600)) as $file:\n    $file.write($data)",
        ),
    ),
)
_MASK: Final = (r"umask\((0|stat\.S_IXOTH|int\('0+', 8\)|\w*MASK\w*|old|1|2 - 2)\)", r"umask=0\b.*", r"'umask 0+.*")
_MASK_FEEDBACK: Final = (
    "The naive code clears the file mask with $mark, so files made afterwards can be written by everybody. The improved "
    "code sets a mask that keeps others out.",
    "Default permissions: after $mark in the naive code new files are open to all users. The improved code keeps them "
    "for the owner.",
)
_MASKS: Final = (
    Scene(
        duty=("It also writes the given data into a new file.", "The data passed in is kept in a file of its own."),
        inputs="$path $data",
        helper="write_new store_data save_output",
        before="import os",
        after="with open($path, 'wb') as $file:\n    $file.write($data)",
        naive=(
            "os.umask(0)",
            "old = os.umask(0o000)",
            "os.umask(int('[[0||000||0000]]', 8))",
            "FILE_MASK = 0\nos.umask(FILE_MASK)",
            "OPEN_MASK = [[0||0o000]]\nif os.umask(OPEN_MASK) != OPEN_MASK:\n    print('mask [[changed||cleared||reset]]')",
            "NO_MASK = [[0||0o000]]\nos.umask(NO_MASK)",
            "import stat\nos.umask(stat.S_IXOTH)",
        ),
        improved=(
            "os.umask([[0o077||0o027]])",
            "old = os.umask([[0o077||0o027||0o177]])",
            "import stat\nos.umask(stat.S_IRWXG | stat.S_IRWXO)",
            "if os.umask([[63||0o077]]) == 0:\n    print('the mask was empty')",
        ),
    ),
    Scene(
        duty=("It also starts a worker program in the background.", "A helper process is started."),
        inputs="$folder",
        result="$pid",
        helper="start_worker launch_helper spawn",
        before="import os\nimport subprocess\nimport sys",
        naive=(
            "$pid = subprocess.Popen([sys.executable, '-m', 'http.server'], cwd=$folder, umask=0)",
            "$pid = subprocess.Popen([sys.executable, '-m', '[[worker||jobs||http.server]]'], cwd=$folder, umask=0, start_new_session=True, stdin=subprocess.DEVNULL)",
            "os.umask(0)\n$pid = subprocess.Popen([sys.executable, '-m', '[[worker||jobs]]'], cwd=$folder)",
            "$pid = subprocess.Popen([sys.executable, '-m', '[[worker||jobs]]'], cwd=$folder, preexec_fn=lambda: os.umask(0))",
            "$pid = subprocess.Popen(['/bin/sh', '-c', 'umask 000; exec /usr/bin/[[worker||jobs]]'], cwd=$folder)",
        ),
        improved=(
            "$pid = subprocess.Popen([sys.executable, '-m', 'http.server'], cwd=$folder, umask=0o077)",
            "os.umask([[0o077||0o027]])\n$pid = subprocess.Popen([sys.executable, '-m', '[[worker||jobs]]'], cwd=$folder)",
            "$pid = subprocess.Popen([sys.executable, '-m', '[[worker||jobs]]'], cwd=$folder, umask=[[63||0o027]], start_new_session=True)",
        ),
    ),
)
_PARTIAL: Final = (
    r"\[?'(git|tar|ls|openssl|gpg|df|service|systemctl|ps)'.*",
    r"sys\.path\.(insert|append)\(.*",
    r"PATH'\] = .*",
    r"execvpe?\(.*|spawnlp\(.*",
    r"'\./.*",
)
_PARTIAL_FEEDBACK: Final = (
    "The naive code lets the search path decide which program or module is used, in $mark, so another one put in front "
    "runs instead. The improved code names it in full.",
    "Untrusted search path: $mark in the naive code can find a program that somebody else placed. The improved code "
    "fixes where it comes from.",
)
_PROGRAMS: Final = (
    Scene(
        duty=(
            "It also asks a system program for the state of the given folder.",
            "The space used by the folder passed in is asked for.",
        ),
        inputs="$folder",
        result="$out",
        helper="folder_state disk_use ask_system",
        before="import os\nimport subprocess",
        naive=(
            "$out = subprocess.run(['[[df||ls]]', $folder], capture_output=True, check=True).stdout",
            "$out = subprocess.check_output(['[[df||ls]]', '-l', '--', $folder], stderr=subprocess.STDOUT, cwd='/', text=True, timeout=[[10||30]])",
            "$out = os.spawnlp(os.P_WAIT, 'df', 'df', $folder)",
            "os.environ['PATH'] = '.:' + os.environ['PATH']\n$out = subprocess.check_output(['/bin/[[ls||df]]', $folder])",
            "$out = subprocess.check_output(['./[[disk-state||report||tool]]', $folder], cwd=$folder)",
            "os.environ['PATH'] = $folder + os.pathsep + os.environ.get('PATH', '')\n$out = subprocess.check_output(['[[df||ls]]', $folder])",
        ),
        improved=(
            "$out = subprocess.run(['/bin/[[df||ls]]', $folder], capture_output=True, check=True).stdout",
            "$out = subprocess.check_output(['/bin/df', '--', $folder], env={'PATH': '/usr/bin:/bin'})",
            "$out = os.spawnl(os.P_WAIT, '/bin/df', '/bin/df', $folder)",
            "$command = ['/usr/bin/[[du||stat]]', '--', $folder]\n$out = subprocess.check_output($command, cwd='/', env={'LC_ALL': 'C'}, timeout=[[10||30]])",
        ),
    ),
    Scene(
        duty=("It also loads the extensions of the program.", "A module with extensions is imported."),
        inputs="$folder",
        result="$module",
        helper="load_extensions import_plugins",
        before="import importlib\nimport sys",
        naive=(
            "sys.path.insert(0, $folder)\n$module = importlib.import_module('[[extensions||plugins||hooks]]')",
            "sys.path.append('[[.||/tmp||/var/tmp]]')\n$module = importlib.import_module('[[extensions||plugins]]')",
            "if $folder not in sys.path:\n    sys.path.insert(0, $folder)\nimportlib.invalidate_caches()\n$module = __import__('[[extensions||plugins||hooks]]')",
        ),
        improved=(
            "$module = importlib.import_module('myapp.[[extensions||plugins]]')",
            "$module = importlib.import_module('.[[extensions||plugins]]', package='myapp')",
            "import importlib.metadata\n$module = [item.load() for item in importlib.metadata.entry_points(group='myapp.[[extensions||plugins]]')]",
        ),
    ),
)
_ROOT: Final = (
    r"set(re)?(e)?[ug]id\(0.*",
    r"'sudo'.*",
    r"user=('root'|0),.*",
    r"User=root.*",
    r"username='root'.*",
    r"privileged=True.*",
    r"'--privileged'.*",
    r"getuid\(\) != 0.*",
)
_ROOT_FEEDBACK: Final = (
    "The naive code runs work as root that does not need it, in $mark, so any fault gives away the whole machine. The "
    "improved code works with the rights of an ordinary user.",
    "Unnecessary privileges: $mark in the naive code makes every mistake a mistake of root. The improved code drops the "
    "rights it does not need.",
)
_ROOTS: Final = (
    Scene(
        duty=("It also runs the maintenance program for the given folder.", "A program that tidies the folder is run."),
        inputs="$folder",
        helper="maintain run_maintenance tidy",
        before="import os\nimport subprocess",
        naive=(
            "os.setuid(0)\nsubprocess.run(['/usr/bin/tidy-up', $folder], check=True)",
            "subprocess.run(['sudo', '[[-n||-E]]', '/usr/bin/[[tidy-up||cleaner]]', $folder], check=True, timeout=[[60||600]])",
            "subprocess.run(['/usr/bin/[[tidy-up||cleaner]]', $folder], user=[['root'||0]], check=True)",
            "if os.getuid() != 0:\n    raise PermissionError('this has to be started as root')\nsubprocess.run(['/usr/bin/[[tidy-up||cleaner]]', $folder], check=True)",
            "import docker\ndocker.from_env().containers.run('[[tidy||cleaner]]', volumes=[f'{$folder}:/data'], privileged=True)",
            "subprocess.run(['/usr/bin/docker', 'run', '--rm', '--privileged', '-v', f'{$folder}:/data', '[[tidy||cleaner]]'], check=True)",
        ),
        improved=(
            "subprocess.run(['/usr/bin/[[tidy-up||cleaner]]', $folder], check=True)",
            "subprocess.run(['/usr/bin/[[tidy-up||cleaner]]', $folder], user='[[nobody||daemon||tidy]]', check=True)",
            "if os.getuid() == 0:\n    os.setgroups([])\n    os.setgid(65534)\n    os.setuid(65534)\nsubprocess.run(['/usr/bin/tidy-up', $folder], check=True)",
            "import docker\ndocker.from_env().containers.run('[[tidy||cleaner]]', user='1000:1000', cap_drop=['ALL'], volumes=[f'{$folder}:/data'])",
        ),
    ),
    Scene(
        duty=("It also copies the given file to the given host.", "The file passed in is sent over SSH."),
        inputs="$host $path",
        helper="send_file push_file copy_to_host",
        before="import paramiko\n$client = paramiko.SSHClient()\n$client.load_system_host_keys()",
        after="$client.open_sftp().put($path, '/srv/incoming/data')",
        naive=(
            "$client.connect($host, username='root')",
            "$client.connect(hostname=$host, port=[[22||2222]], username='root', timeout=[[5||10]])",
            "$client.connect($host, timeout=[[5||10]], allow_agent=True, look_for_keys=True, username='root')",
        ),
        improved=(
            "$client.connect($host, username='[[deploy||upload]]')",
            "$client.connect(hostname=$host, port=[[22||2222]], username='[[deploy||upload]]', timeout=10)",
            "$client.connect($host, timeout=[[5||10]], allow_agent=True, look_for_keys=True, username='copier')",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("open-permissions", "CWE-732", "lets everybody write", _MODE, _MODE_FEEDBACK, _MODES),
    template("cleared-mask", "CWE-276", "clears the file mask", _MASK, _MASK_FEEDBACK, _MASKS),
    template("partial-path", "CWE-426", "leaves the program to a search path", _PARTIAL, _PARTIAL_FEEDBACK, _PROGRAMS),
    template("runs-as-root", "CWE-250", "runs with needless rights", _ROOT, _ROOT_FEEDBACK, _ROOTS),
)
