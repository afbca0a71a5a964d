using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Federated.Server.Database.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class UpdateScores : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<double>(
                name: "coefficient",
                table: "counted_updates",
                type: "REAL",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "trust",
                table: "counted_updates",
                type: "REAL",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "coefficient",
                table: "counted_updates");

            migrationBuilder.DropColumn(
                name: "trust",
                table: "counted_updates");
        }
    }
}
